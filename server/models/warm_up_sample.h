#pragma once

#include "absl/status/status.h"
#include "models/model_config.h"

namespace tournant {

// Whether the model of `config`, whose inputs have names, can be run with what `sample` gives:
// every input that is not optional, and nothing else, with its type and a shape that fits.
// INVALID_ARGUMENT says what is wrong first, to be read after the name of the sample.
absl::Status CheckWarmUpSample(const WarmUpSample& sample, const ModelConfig& config);

}  // namespace tournant
