#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "predictions/kafka_properties.h"

// Of librdkafka, which only the .cc file includes.
struct rd_kafka_s;
struct rd_kafka_topic_s;

namespace tournant {

// A producer of librdkafka for one topic. Of a KafkaStore and its thread; a producer that had a
// fatal error takes nothing any more and is replaced.
class KafkaProducer {
 public:
  // Hears what became of each message, and what goes wrong meanwhile, in Poll, on the thread that
  // calls it.
  class Reports {
   public:
    virtual void OnReport(size_t message, int error) = 0;
    // An error that the producer goes on from by itself, such as a broker that cannot be reached;
    // said again while it lasts.
    virtual void OnTrouble(int error, absl::string_view text) = 0;

   protected:
    ~Reports() = default;
  };

  // Connects in the background. INVALID_ARGUMENT for a property or a value that librdkafka does not
  // take, and for some that do not go together: with their names and where they stand, never with a
  // value. `reports` outlives the producer.
  static absl::StatusOr<std::unique_ptr<KafkaProducer>> Make(
      const std::vector<KafkaProperty>& properties, const std::string& topic, Reports& reports);
  ~KafkaProducer();
  KafkaProducer(const KafkaProducer&) = delete;
  KafkaProducer& operator=(const KafkaProducer&) = delete;

  // 0, or librdkafka's error. The payload has to stay until it was reported.
  int Produce(absl::string_view payload, size_t message);
  void Poll(int milliseconds);
  // Gives up what has not been delivered; each of them is reported.
  void Purge();
  // OK until the producer has had an error that it cannot go on from.
  absl::Status fatal_error() const;

  rd_kafka_s* handle() const { return producer_; }

 private:
  KafkaProducer() = default;

  rd_kafka_s* producer_ = nullptr;
  rd_kafka_topic_s* topic_ = nullptr;
};

}  // namespace tournant
