#include "predictions/kafka/kafka_producer.h"

#include <librdkafka/rdkafka.h>

#include <array>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
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

// With a room for the text of an error.
class Settings {
 public:
  absl::Status Set(const KafkaProperty& property) {
    const auto result = rd_kafka_conf_set(conf_, property.name.c_str(), property.value.c_str(),
                                          error_.data(), error_.size());
    if (result == RD_KAFKA_CONF_OK) return absl::OkStatus();
    // librdkafka quotes the value.
    std::string text = error_.data();
    if (!property.value.empty()) text = absl::StrReplaceAll(text, {{property.value, "..."}});
    return absl::InvalidArgumentError(
        absl::StrCat(property.where.empty() ? "kafka" : property.where, ": ", text));
  }
  rd_kafka_conf_t* get() { return conf_; }
  // Takes the settings over when it works.
  absl::StatusOr<rd_kafka_t*> MakeProducer() {
    rd_kafka_t* producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf_, error_.data(), error_.size());
    if (producer == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat("kafka: ", error_.data()));
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
  rd_kafka_conf_t* conf_;
  std::array<char, 512> error_{};
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
