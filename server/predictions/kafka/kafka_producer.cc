#include "predictions/kafka/kafka_producer.h"

#include <librdkafka/rdkafka.h>

#include <array>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/status.h"
#include "telemetry/log.h"

namespace tournant {
namespace {

void OnDelivery(rd_kafka_t*, const rd_kafka_message_t* message, void* reports) {
  static_cast<KafkaProducer::Reports*>(reports)->OnReport(
      reinterpret_cast<uintptr_t>(message->_private), message->err);
}

void OnError(rd_kafka_t*, int error, const char* text, void* reports) {
  static_cast<KafkaProducer::Reports*>(reports)->OnTrouble(error, text);
}

// librdkafka says the same thing at each attempt to connect; what matters is in the log's status.
void OnLog(const rd_kafka_t*, int level, const char* facility, const char* text) {
  constexpr int kSyslogError = 3;
  if (level > kSyslogError) return;
  Log(LogLevel::kDebug, "librdkafka", {{"facility", facility}, {"text", text}});
}

absl::Status Bad(absl::string_view where, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(where.empty() ? "kafka" : where, ": ", what));
}

// Whether a text of librdkafka speaks of a property: "`linger.ms` must ...", "ssl.key.pem failed".
bool Names(absl::string_view text, absl::string_view property) {
  for (absl::string_view word : absl::StrSplit(text, absl::ByAnyChar(" `'\",;:()="))) {
    if (absl::StripSuffix(word, ".") == property) return true;
  }
  return false;
}

// No error has librdkafka's own words: they quote values, in part too, or cut off.
class Settings {
 public:
  absl::Status Set(const KafkaProperty& property) {
    std::erase_if(properties_, [&](const auto& other) { return other.name == property.name; });
    properties_.push_back(property);
    switch (rd_kafka_conf_set(conf_, property.name.c_str(), property.value.c_str(), nullptr, 0)) {
      case RD_KAFKA_CONF_OK:
        return absl::OkStatus();
      case RD_KAFKA_CONF_UNKNOWN:
        return Bad(property.where,
                   absl::StrCat("librdkafka has no property '", property.name, "'"));
      default:
        return Bad(property.where,
                   absl::StrCat("librdkafka does not take this value of '", property.name,
                                "', or was built without what that needs"));
    }
  }
  rd_kafka_conf_t* get() { return conf_; }
  // Takes the settings over when it works.
  absl::StatusOr<rd_kafka_t*> MakeProducer() {
    std::array<char, 512> text{};
    rd_kafka_t* producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf_, text.data(), text.size());
    if (producer == nullptr) {
      return Bad("", absl::StrCat("librdkafka makes no producer of these properties together; look "
                                  "at ",
                                  Suspects(text.data())));
    }
    conf_ = nullptr;
    return producer;
  }

  Settings() : conf_(rd_kafka_conf_new()) {}
  ~Settings() {
    if (conf_ != nullptr) rd_kafka_conf_destroy(conf_);
  }
  Settings(const Settings&) = delete;
  Settings& operator=(const Settings&) = delete;

 private:
  // The properties that `text` names and where they stand; if it names none, all that somebody has
  // written.
  std::string Suspects(absl::string_view text) const {
    std::vector<std::string> named;
    std::vector<std::string> written;
    for (const auto& [name, value, where] : properties_) {
      const std::string suspect =
          absl::StrCat("'", name, "'", where.empty() ? "" : absl::StrCat(" (", where, ")"));
      if (Names(text, name)) named.push_back(suspect);
      if (!where.empty()) written.push_back(suspect);
    }
    return absl::StrJoin(named.empty() ? written : named, ", ");
  }

  rd_kafka_conf_t* conf_;
  std::vector<KafkaProperty> properties_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<KafkaProducer>> KafkaProducer::Make(
    const std::vector<KafkaProperty>& properties, const std::string& topic, Reports& reports) {
  Settings settings;
  for (const KafkaProperty& property : properties) {
    if (absl::Status status = settings.Set(property); !status.ok()) return status;
  }
  rd_kafka_conf_set_opaque(settings.get(), &reports);
  rd_kafka_conf_set_dr_msg_cb(settings.get(), OnDelivery);
  rd_kafka_conf_set_error_cb(settings.get(), OnError);
  rd_kafka_conf_set_log_cb(settings.get(), OnLog);
  const absl::StatusOr<rd_kafka_t*> handle = settings.MakeProducer();
  if (!handle.ok()) return handle.status();
  std::unique_ptr<KafkaProducer> producer(new KafkaProducer());
  producer->producer_ = *handle;
  producer->topic_ = rd_kafka_topic_new(producer->producer_, topic.c_str(), nullptr);
  if (producer->topic_ == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("kafka: topic '", Quote(topic),
                                                   "': ", rd_kafka_err2str(rd_kafka_last_error())));
  }
  return producer;
}

KafkaProducer::~KafkaProducer() {
  if (topic_ != nullptr) rd_kafka_topic_destroy(topic_);
  if (producer_ != nullptr) rd_kafka_destroy(producer_);
}

int KafkaProducer::Produce(absl::string_view payload, size_t message) {
  constexpr int kNeitherCopyNorFree = 0;
  const int produced = rd_kafka_produce(
      topic_, RD_KAFKA_PARTITION_UA, kNeitherCopyNorFree, const_cast<char*>(payload.data()),
      payload.size(), nullptr, 0,
      reinterpret_cast<void*>(static_cast<uintptr_t>(message)));  // NOLINT: an opaque number.
  return produced == 0 ? 0 : rd_kafka_last_error();
}

void KafkaProducer::Poll(int milliseconds) { rd_kafka_poll(producer_, milliseconds); }

void KafkaProducer::Purge() {
  rd_kafka_purge(producer_, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
}

absl::Status KafkaProducer::fatal_error() const {
  std::array<char, 512> text{};
  const rd_kafka_resp_err_t error = rd_kafka_fatal_error(producer_, text.data(), text.size());
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return absl::OkStatus();
  return absl::AbortedError(absl::StrCat(rd_kafka_err2name(error), ": ", text.data()));
}

}  // namespace tournant
