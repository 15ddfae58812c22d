#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "base/clock.h"
#include "models/prediction_log_parameters.h"
#include "predictions/feature_layout.h"
#include "telemetry/latency_tracker.h"

namespace tournant {

struct PredictionRecord;

// What the prediction log keeps of one model version's calls: which of them, and what of each.
// Owned by the version and by its records; any thread.
class ModelLog {
 public:
  // What the call's id is called where values are hashed.
  static constexpr char kRequestId[] = "request_id";

  struct Options {
    LogMode mode = LogMode::kBestEffort;
    // What a row adds to a record besides what the caller sent; as far as it is known.
    int64_t bytes_per_row = 0;
    FeatureLayout layout = {};  // Of a model with bindings.
    PredictionLogParameters parameters = {};
    std::string salt = "";  // The key that values are hashed with.
  };
  explicit ModelLog(Options options);

  LogMode mode() const { return options_.mode; }
  int64_t bytes_per_row() const { return options_.bytes_per_row; }
  const FeatureLayout& layout() const { return options_.layout; }
  const std::string& salt() const { return options_.salt; }

  bool keeps_all() const { return options_.parameters.sample >= 1; }
  struct Call {
    absl::string_view request_id;
    TimePoint accepted;       // What a call without an id is told apart by.
    bool remarkable = false;  // It failed, or its answer was degraded.
    Duration took{};
  };
  // Whether the record of a call that has ended is kept. One that is remarkable or slow always is.
  bool Keeps(const Call& call) const;

  // Takes out of a record, before it waits in memory, the tensors that are not kept and the
  // contents of those that are too large. Columns of features go when it is encoded.
  void Trim(PredictionRecord& record) const;

  // Whether the values of a tensor, or of a column under its feature's name, are kept, and whether
  // they are hashed. What holds for a join key holds for the tensor that it is read from.
  bool Allows(absl::string_view name) const;
  bool Hashes(absl::string_view name) const;
  bool TooLarge(size_t bytes) const {
    return options_.parameters.max_tensor_bytes &&
           bytes > static_cast<size_t>(*options_.parameters.max_tensor_bytes);
  }

 private:
  using Names = absl::flat_hash_set<std::string>;

  // The names, and those of the tensors that hold the join keys among them.
  Names WithKeys(const std::vector<std::string>& names) const;

  const Options options_;
  const std::optional<Names> allowed_;
  const Names hashed_;
  mutable LatencyTracker took_;  // Of calls that were answered.
};

}  // namespace tournant
