#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/mutex.h"
#include "predictions/kafka/kafka_producer.h"
#include "predictions/kafka_properties.h"
#include "predictions/record_store.h"

namespace tournant {

// Records as messages of a Kafka topic: the serialized tournant.LoggedPrediction, without a key. A
// record is durable when its delivery report says that all in-sync replicas have it; librdkafka
// connects again and sends again, with pauses, until delivery_timeout is up. One batch is in flight
// at a time, so no more is in librdkafka than the writer has taken.
//
// After a fatal error, from which a producer of librdkafka does not recover, a new one is made and
// gets what was not delivered once more. What the first one had sent may be there twice then, under
// the same run and number.
class KafkaStore final : public RecordStore, private KafkaProducer::Reports {
 public:
  struct Options {
    std::string brokers;  // HOST:PORT, with commas between several.
    std::string topic;
    bool compress = false;  // zstd.
    std::chrono::milliseconds delivery_timeout{10'000};
    std::vector<KafkaProperty> properties = {};  // More of librdkafka's, over those here.
    // Between a fatal error and the next producer, when nothing was delivered since the last one;
    // each pause is twice as long, up to the second.
    std::chrono::milliseconds least_pause{100};
    std::chrono::milliseconds longest_pause{5000};
  };

  // Connects in the background: brokers that are away are no error. INVALID_ARGUMENT for settings
  // that librdkafka refuses, or that would break what the log promises; with where a property
  // stands, and without its value.
  static absl::StatusOr<std::unique_ptr<KafkaStore>> Open(Options options);

  absl::Status Append(std::span<const std::string> payloads,
                      std::vector<StoreOutcome>& outcomes) override;
  absl::Status Finish(const PredictionLogCounters&) override { return absl::OkStatus(); }
  void Interrupt() override { interrupted_.store(true, std::memory_order_relaxed); }
  absl::Status Trouble() const override;

  // How many there have been, one after the other; the writer's thread, or when it is idle.
  int producers() const { return producers_; }
  // For tests, which raise errors in it while nothing is appended.
  KafkaProducer& producer() { return *producer_; }

 private:
  explicit KafkaStore(Options options) : options_(std::move(options)) {}

  absl::Status MakeProducer();
  // Makes a new producer when the one that is there has failed for good; waits before if that one
  // has delivered nothing.
  absl::Status Revive();
  // Sends what is kFailed in `outcomes_`, and waits for the reports.
  void Send(std::span<const std::string> payloads);
  // Notes the outcome at once for a message that librdkafka does not take.
  void Produce(const std::string& payload, size_t index);
  void AwaitReports();
  void OnReport(size_t message, int error) override;
  void OnTrouble(int error, absl::string_view text) override;
  void ClearTrouble();
  absl::Status Error(absl::string_view text) const;
  bool interrupted() const { return interrupted_.load(std::memory_order_relaxed); }

  const Options options_;
  std::vector<KafkaProperty> properties_;
  std::atomic<bool> interrupted_{false};

  mutable Mutex mutex_;
  std::string trouble_ ABSL_GUARDED_BY(mutex_);  // Since something was delivered last.

  // Of the writer's thread, which is also where reports are heard.
  int producers_ = 0;
  std::chrono::milliseconds pause_{0};             // Before the next producer.
  std::vector<StoreOutcome>* outcomes_ = nullptr;  // Of the batch in flight.
  size_t in_flight_ = 0;
  int last_error_ = 0;

  std::unique_ptr<KafkaProducer> producer_;  // Last, since it reports to this.
};

}  // namespace tournant
