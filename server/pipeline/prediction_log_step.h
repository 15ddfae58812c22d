#pragma once

#include <string>
#include <utility>

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
    std::string salt = "";                // The key of all hashed values.
  };
  explicit PredictionLogStep(Options options) : options_(std::move(options)) {}

  // A name that the model does not have is an error: a value that should be hashed would not be.

  absl::Status Prepare(ModelVersion& version) override;

 private:
  const Options options_;
};

}  // namespace tournant
