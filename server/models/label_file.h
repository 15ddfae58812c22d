#pragma once

#include <filesystem>

#include "absl/status/status.h"
#include "models/model_config.h"

namespace tournant {

// Reads the `label_filename` of each output from `directory`, the model's own, into
// TensorSpec.labels: one label a line, without the line's end. Outputs that name the same file
// share its labels. Errors begin with the file's path.
absl::Status ReadLabels(ModelConfig& config, const std::filesystem::path& directory);

}  // namespace tournant
