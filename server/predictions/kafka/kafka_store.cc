#include "predictions/kafka/kafka_store.h"

#include <librdkafka/rdkafka.h>

#include <array>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "telemetry/log.h"

namespace tournant {
namespace {

constexpr int kPollMs = 50;  // How soon an interruption is noticed.

// Errors that another attempt would meet again.
bool IsFinal(int error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_MSG:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
      return true;
    default:
      return false;
  }
}

void OnDelivery(rd_kafka_t*, const rd_kafka_message_t* message, void* store) {
  static_cast<KafkaStore*>(store)->OnReport(reinterpret_cast<uintptr_t>(message->_private),
                                            message->err);
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
  absl::Status Set(const std::string& name, const std::string& value) {
    if (rd_kafka_conf_set(conf_, name.c_str(), value.c_str(), error_.data(), error_.size()) ==
        RD_KAFKA_CONF_OK) {
      return absl::OkStatus();
    }
    return absl::InvalidArgumentError(absl::StrCat("kafka: ", error_.data()));
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

absl::StatusOr<std::unique_ptr<KafkaStore>> KafkaStore::Open(Options options) {
  // acks=all and order come with idempotence. Messages of any size are handed to the broker, whose
  // word on size counts.
  std::map<std::string, std::string> properties = {
      {"bootstrap.servers", options.brokers},
      {"client.id", "tournant-server"},
      {"enable.idempotence", "true"},
      {"message.timeout.ms", absl::StrCat(options.delivery_timeout.count())},
      {"message.max.bytes", "1000000000"},
      {"queue.buffering.max.kbytes", "2097151"},
      {"linger.ms", "1"},
      {"reconnect.backoff.max.ms", "5000"},
      {"compression.type", options.compress ? "zstd" : "none"},
  };
  for (auto& [name, value] : options.properties) properties[name] = value;
  Settings settings;
  for (const auto& [name, value] : properties) {
    if (absl::Status status = settings.Set(name, value); !status.ok()) return status;
  }
  std::unique_ptr<KafkaStore> store(new KafkaStore());
  rd_kafka_conf_set_opaque(settings.get(), store.get());
  rd_kafka_conf_set_dr_msg_cb(settings.get(), OnDelivery);
  rd_kafka_conf_set_log_cb(settings.get(), OnLog);
  const absl::StatusOr<rd_kafka_t*> producer = settings.MakeProducer();
  if (!producer.ok()) return producer.status();
  store->producer_ = *producer;
  store->topic_name_ = std::move(options.topic);
  store->topic_ = rd_kafka_topic_new(store->producer_, store->topic_name_.c_str(), nullptr);
  if (store->topic_ == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("kafka: topic '", Quote(store->topic_name_),
                                                   "': ", rd_kafka_err2str(rd_kafka_last_error())));
  }
  return store;
}

KafkaStore::~KafkaStore() {
  if (topic_ != nullptr) rd_kafka_topic_destroy(topic_);
  if (producer_ != nullptr) rd_kafka_destroy(producer_);
}

void KafkaStore::OnReport(size_t index, int error) {
  --in_flight_;
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
    (*outcomes_)[index] = StoreOutcome::kDurable;
    return;
  }
  last_error_ = error;
  if (IsFinal(error)) (*outcomes_)[index] = StoreOutcome::kRefused;
}

void KafkaStore::Produce(const std::string& payload, size_t index) {
  for (;;) {
    const int produced = rd_kafka_produce(
        topic_, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, const_cast<char*>(payload.data()),
        payload.size(), nullptr, 0,
        reinterpret_cast<void*>(static_cast<uintptr_t>(index)));  // NOLINT: an opaque number.
    if (produced == 0) break;
    const rd_kafka_resp_err_t error = rd_kafka_last_error();
    if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL || interrupted_.load(std::memory_order_relaxed)) {
      last_error_ = error;
      if (IsFinal(error)) (*outcomes_)[index] = StoreOutcome::kRefused;
      return;
    }
    rd_kafka_poll(producer_, kPollMs);
  }
  ++in_flight_;
}

void KafkaStore::AwaitReports() {
  bool purged = false;
  while (in_flight_ > 0) {
    if (!purged && interrupted_.load(std::memory_order_relaxed)) {
      // Each of them is reported as undelivered.
      rd_kafka_purge(producer_, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
      purged = true;
    }
    rd_kafka_poll(producer_, kPollMs);
  }
}

absl::Status KafkaStore::Append(std::span<const std::string> payloads,
                                std::vector<StoreOutcome>& outcomes) {
  outcomes_ = &outcomes;
  last_error_ = 0;
  for (size_t i = 0; i < payloads.size(); ++i) Produce(payloads[i], i);
  AwaitReports();
  outcomes_ = nullptr;
  if (last_error_ == 0) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat("kafka topic '", Quote(topic_name_),
                   "': ", rd_kafka_err2str(static_cast<rd_kafka_resp_err_t>(last_error_))));
}

}  // namespace tournant
