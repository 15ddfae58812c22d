#pragma once

#include "models/config_node.h"
#include "models/model_config.h"

namespace tournant {

// Reads `model_warmup` of an inference.ModelConfig that has been through CheckFields. The rest of
// `config` has been read. Samples are compared with the inputs where all else is well and the
// config names them; else when they are run.
void ReadWarmUp(const ConfigNode& root, ModelConfig& config);

}  // namespace tournant
