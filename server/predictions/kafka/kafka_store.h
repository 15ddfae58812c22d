#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "predictions/record_store.h"

// Of librdkafka, which only the .cc file includes.
struct rd_kafka_s;
struct rd_kafka_topic_s;

namespace tournant {

// Records as messages of a Kafka topic: the serialized tournant.LoggedPrediction, without a key. A
// record is durable when its delivery report says that all in-sync replicas have it; librdkafka
// connects again and sends again, with pauses, until delivery_timeout is up. One batch is in flight
// at a time, so no more is in librdkafka than the writer has taken.
class KafkaStore final : public RecordStore {
 public:
  struct Options {
    std::string brokers;  // HOST:PORT, with commas between several.
    std::string topic;
    bool compress = false;  // zstd.
    std::chrono::milliseconds delivery_timeout{10'000};
    std::map<std::string, std::string> properties = {};  // More of librdkafka's, over those here.
  };

  // Connects in the background: brokers that are away are no error. INVALID_ARGUMENT for settings
  // that librdkafka refuses.
  static absl::StatusOr<std::unique_ptr<KafkaStore>> Open(Options options);
  ~KafkaStore() override;

  absl::Status Append(std::span<const std::string> payloads,
                      std::vector<StoreOutcome>& outcomes) override;
  absl::Status Finish(const PredictionLogCounters&) override { return absl::OkStatus(); }
  void Interrupt() override { interrupted_.store(true, std::memory_order_relaxed); }

  // For librdkafka's callback: what became of message `index` of the batch.
  void OnReport(size_t index, int error);

 private:
  KafkaStore() = default;

  // Notes the outcome at once for a message that librdkafka does not take.
  void Produce(const std::string& payload, size_t index);
  void AwaitReports();

  std::string topic_name_;
  rd_kafka_s* producer_ = nullptr;
  rd_kafka_topic_s* topic_ = nullptr;
  std::atomic<bool> interrupted_{false};

  // Of the batch in flight; the writer's thread only, which is also where reports are heard.
  std::vector<StoreOutcome>* outcomes_ = nullptr;
  size_t in_flight_ = 0;
  int last_error_ = 0;
};

}  // namespace tournant
