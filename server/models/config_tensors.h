#pragma once

#include "models/config_node.h"
#include "models/data_type.h"
#include "models/model_config.h"

namespace tournant {

// Reads `input` and `output` of an inference.ModelConfig. `root` has been through CheckFields.
void ReadTensors(const ConfigNode& root, ModelConfig& config);

// The type of an inference.DataType's number; kInvalid where there is none, which CheckFields has
// refused.
DataType ConfigDataType(int number);

}  // namespace tournant
