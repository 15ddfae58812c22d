#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/feature_provenance.h"
#include "models/tensor.h"

namespace tournant {

// One prediction as it is saved. Moved into the log, never copied on the way.
struct PredictionRecord {
  std::string request_id;
  std::string traceparent;  // Under which the call ran, as W3C writes it; empty without a trace.
  std::string model;
  int64_t version = 0;
  WallTime time;
  int64_t rows = 0;
  int status_code = 0;  // grpc::StatusCode
  std::string status_message;
  std::vector<NamedTensor> inputs;   // As the caller sent them.
  std::vector<NamedTensor> outputs;  // As answered.
  bool has_features = false;
  FeatureProvenance features;
  Duration features_time{};  // Waiting for the feature store.
  Duration queue_time{};
  Duration compute_time{};
  Duration total_time{};
};

// Where predictions are saved. Record never blocks and never fails: what cannot be taken is dropped
// and counted. Any thread.
class PredictionSink {
 public:
  virtual ~PredictionSink() = default;
  virtual void Record(PredictionRecord record) = 0;
};

}  // namespace tournant
