#pragma once

#include <string>

#include "absl/status/status.h"
#include "models/model_config.h"

namespace tournant {

// INVALID_ARGUMENT names what is still missing from a config after the factory has completed it.
absl::Status CheckComplete(const ModelConfig& config);

// The bytes for ModelConfig.serialized: what the file said, with names, types and defaults filled
// in, so that a client sees how the model is served.
std::string SerializeConfig(const ModelConfig& config);
// The same as text, for people.
std::string ConfigText(const ModelConfig& config);

}  // namespace tournant
