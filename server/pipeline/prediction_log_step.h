#pragma once

#include "absl/status/status.h"
#include "models/model_version.h"
#include "models/prediction_log_parameters.h"

namespace tournant {

// The load step that reads what a version's config says about the prediction log. After the one
// that attaches features.
class PredictionLogStep final : public LoadStep {
 public:
  struct Options {
    bool has_log = false;  // Without one a model that must not lose a record is refused.
    LogMode mode = LogMode::kBestEffort;  // Of models that do not say.
  };
  explicit PredictionLogStep(const Options& options) : options_(options) {}

  absl::Status Prepare(ModelVersion& version) override;

 private:
  const Options options_;
};

}  // namespace tournant
