#pragma once

#include "models/config_node.h"
#include "models/model_config.h"

namespace tournant {

// Each reads a part of an inference.ModelConfig that has been through CheckFields.

// `version_policy`.
void ReadVersionPolicy(const ConfigNode& root, ModelConfig& config);
// `instance_group`.
void ReadInstanceGroups(const ConfigNode& root, ModelConfig& config);
// `max_batch_size` and `dynamic_batching`.
void ReadBatching(const ConfigNode& root, ModelConfig& config);

}  // namespace tournant
