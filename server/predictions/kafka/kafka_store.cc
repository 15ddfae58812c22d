#include "predictions/kafka/kafka_store.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "predictions/kafka/property_check.h"
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

}  // namespace

absl::StatusOr<std::unique_ptr<KafkaStore>> KafkaStore::Open(Options options) {
  absl::Status allowed = CheckKafkaProperties(options.properties);
  if (!allowed.ok()) return allowed;
  std::unique_ptr<KafkaStore> store(new KafkaStore(std::move(options)));
  const Options& chosen = store->options_;
  // acks=all and order come with idempotence. Messages of any size are handed to the broker, whose
  // word on size counts.
  store->properties_ = {
      {"bootstrap.servers", chosen.brokers},
      {"client.id", "tournant-server"},
      {"enable.idempotence", "true"},
      {"message.timeout.ms", absl::StrCat(chosen.delivery_timeout.count())},
      {"message.max.bytes", "1000000000"},
      {"queue.buffering.max.kbytes", "2097151"},
      {"linger.ms", "1"},
      {"reconnect.backoff.max.ms", "5000"},
      {"compression.type", chosen.compress ? "zstd" : "none"},
  };
  store->properties_.insert(store->properties_.end(), chosen.properties.begin(),
                            chosen.properties.end());
  if (absl::Status made = store->MakeProducer(); !made.ok()) return made;
  return store;
}

absl::Status KafkaStore::MakeProducer() {
  auto made = KafkaProducer::Make(properties_, options_.topic, *this);
  if (!made.ok()) return made.status();
  producer_ = *std::move(made);
  ++producers_;
  return absl::OkStatus();
}

absl::Status KafkaStore::Revive() {
  const absl::Status fatal = producer_->fatal_error();
  if (fatal.ok()) return fatal;
  Log(LogLevel::kWarning, "the Kafka producer has failed for good; a new one will be made",
      {{"error", std::string(fatal.message())}, {"pause_ms", pause_.count()}});
  constexpr std::chrono::milliseconds kStep(kPollMs);
  for (auto left = pause_; left.count() > 0 && !interrupted(); left -= kStep) {
    producer_->Poll(static_cast<int>(std::min(left, kStep).count()));
  }
  if (interrupted()) return fatal;
  // Until something is delivered.
  pause_ = std::clamp(2 * pause_, options_.least_pause, options_.longest_pause);
  return MakeProducer();
}

void KafkaStore::OnReport(size_t message, int error) {
  --in_flight_;
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
    (*outcomes_)[message] = StoreOutcome::kDurable;
    ClearTrouble();
    pause_ = std::chrono::milliseconds(0);
    return;
  }
  last_error_ = error;
  if (IsFinal(error)) (*outcomes_)[message] = StoreOutcome::kRefused;
}

void KafkaStore::OnTrouble(int error, absl::string_view text) {
  MutexLock lock(mutex_);
  // What happened to the last of them says more.
  if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN && !trouble_.empty()) return;
  trouble_ = std::string(text);
}

void KafkaStore::ClearTrouble() {
  MutexLock lock(mutex_);
  trouble_.clear();
}

absl::Status KafkaStore::Trouble() const {
  MutexLock lock(mutex_);
  return trouble_.empty() ? absl::OkStatus() : Error(trouble_);
}

absl::Status KafkaStore::Error(absl::string_view text) const {
  return absl::UnavailableError(absl::StrCat("kafka topic '", Quote(options_.topic), "': ", text));
}

void KafkaStore::Produce(const std::string& payload, size_t index) {
  for (;;) {
    const int error = producer_->Produce(payload, index);
    if (error == 0) break;
    if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL || interrupted()) {
      last_error_ = error;
      if (IsFinal(error)) (*outcomes_)[index] = StoreOutcome::kRefused;
      return;
    }
    producer_->Poll(kPollMs);
  }
  ++in_flight_;
}

void KafkaStore::AwaitReports() {
  bool purged = false;
  while (in_flight_ > 0) {
    if (!purged && interrupted()) {
      producer_->Purge();
      purged = true;
    }
    producer_->Poll(kPollMs);
  }
}

void KafkaStore::Send(std::span<const std::string> payloads) {
  for (size_t i = 0; i < payloads.size(); ++i) {
    if ((*outcomes_)[i] == StoreOutcome::kFailed) Produce(payloads[i], i);
  }
  AwaitReports();
}

absl::Status KafkaStore::Append(std::span<const std::string> payloads,
                                std::vector<StoreOutcome>& outcomes) {
  // It may have failed since the last batch.
  if (absl::Status revived = Revive(); !revived.ok()) return revived;
  outcomes_ = &outcomes;
  last_error_ = 0;
  Send(payloads);
  // The fault was the producer's, not the records'.
  if (!producer_->fatal_error().ok() && Revive().ok()) Send(payloads);
  outcomes_ = nullptr;
  const bool all = std::all_of(outcomes.begin(), outcomes.end(), [](StoreOutcome outcome) {
    return outcome == StoreOutcome::kDurable;
  });
  if (all) {
    ClearTrouble();  // That a broker left after the last report is no trouble yet.
    return absl::OkStatus();
  }
  const absl::Status fatal = producer_->fatal_error();
  if (!fatal.ok()) return Error(fatal.message());
  const absl::string_view last = rd_kafka_err2str(static_cast<rd_kafka_resp_err_t>(last_error_));
  MutexLock lock(mutex_);
  return Error(trouble_.empty() ? std::string(last) : absl::StrCat(last, "; ", trouble_));
}

}  // namespace tournant
