#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "models/model_config.h"

namespace tournant {

// Reads a config.pbtxt strictly. INVALID_ARGUMENT lists everything that is wrong, one line each, as
// "file:line:column: what". `file` is the path to name in messages, `model_name` the name of the
// model's directory, which the config has to agree with. What is accepted without effect adds a
// line to `warnings`.
//
// Whatever concerns the model's tensors may be left out: the model's factory completes it, and
// CheckComplete (completed_config.h) says what it could not. Label files are read by ReadLabels
// (label_file.h).
absl::StatusOr<ModelConfig> ParseModelConfig(const std::string& text, const std::string& file,
                                             const std::string& model_name,
                                             std::vector<std::string>* warnings = nullptr);

// The same for a config in protobuf's JSON form, as RepositoryModelLoad overrides one: as strict,
// with the same checks. Messages begin with `shown` and the path of the field, since JSON's parser
// keeps no places.
absl::StatusOr<ModelConfig> ParseModelConfigJson(const std::string& json,
                                                 const std::string& model_name,
                                                 std::vector<std::string>* warnings = nullptr,
                                                 const std::string& shown = "config");

}  // namespace tournant
