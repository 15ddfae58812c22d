#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/feature_cells.h"
#include "base/feature_provenance.h"
#include "models/tensor.h"
#include "predictions/durable_wait.h"
#include "predictions/log_place.h"
#include "predictions/model_log.h"

namespace tournant {

// How long a call was in each of its phases. In a record that is durable before the answer leaves,
// responding and total end where the record is made.
struct RecordTimes {
  Duration accepted{};
  Duration validating{};
  Duration awaiting_features{};
  Duration queued{};
  Duration computing{};
  Duration responding{};
  Duration total{};
};

// A tensor whose contents were too large for a record.
struct OmittedTensor {
  bool output = false;  // Or input.
  size_t index = 0;
  size_t bytes = 0;
};

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
  std::vector<OmittedTensor> omitted;
  bool has_features = false;
  FeatureProvenance features;
  // The inputs as the model saw them, those that were filled with features, in the order of its
  // config, and where their cells came from. log->layout() says what lies where.
  std::vector<Tensor> assembled;
  FeatureCells cells;
  RecordTimes times;

  // What is kept of the tensors above; null: all.
  std::shared_ptr<const ModelLog> log;
  LogPlace place;                     // Empty: best effort.
  std::shared_ptr<DurableWait> wait;  // Null: nobody waits.
};

// Where predictions are saved. Any thread.
class PredictionSink {
 public:
  virtual ~PredictionSink() = default;

  // A place for a record of about `bytes`. RESOURCE_EXHAUSTED when there is none, with the time
  // after which to come again unless `may_come_again` is false; UNAVAILABLE from a sink that is
  // closed.
  virtual absl::StatusOr<LogPlace> Reserve(size_t bytes, bool may_come_again) { return LogPlace(); }
  // Never blocks and never fails: what cannot be taken is dropped and counted, but for a record
  // with a place, which is taken. Ends the record's wait when it is durable, or will not be.
  virtual void Record(PredictionRecord record) = 0;
  // Counts a call that is not recorded because of its model's share.
  virtual void NoteSampledOut() {}
};

}  // namespace tournant
