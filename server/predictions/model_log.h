#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "models/prediction_log_parameters.h"
#include "predictions/feature_layout.h"

namespace tournant {

// What the prediction log keeps of one model version's calls. Owned by the version and by its
// records; any thread.
class ModelLog {
 public:
  struct Options {
    LogMode mode = LogMode::kBestEffort;
    // What a row adds to a record besides what the caller sent; as far as it is known.
    int64_t bytes_per_row = 0;
    FeatureLayout layout = {};  // Of a model with bindings.
  };
  explicit ModelLog(Options options) : options_(std::move(options)) {}

  LogMode mode() const { return options_.mode; }
  int64_t bytes_per_row() const { return options_.bytes_per_row; }
  const FeatureLayout& layout() const { return options_.layout; }

 private:
  const Options options_;
};

}  // namespace tournant
