#pragma once

#include <string>

#include "absl/status/status.h"
#include "models/model_config.h"

namespace tournant {

// The extra file in a TorchScript archive that may describe the model's tensors. It is a JSON
// object that may hold anything; its member "signature" is read here, strictly. That has the
// members `max_batch_size`, `input` and `output` of config.pbtxt, as protobuf's JSON form:
//
//   {"signature": {"max_batch_size": 64,
//                  "input":  [{"name": "x", "data_type": "TYPE_FP32", "dims": [4]}],
//                  "output": [{"name": "y", "data_type": "TYPE_FP32", "dims": [1]}]}}
inline constexpr char kMetadataFile[] = "metadata.json";

// Whether `config` leaves out anything that a signature may tell.
bool LeavesOutTensors(const ModelConfig& config);

// Fills in what `config` leaves out from `metadata`, the text of that file, which may be empty.
// What the config says stays: tensors are matched by name, else by position where no name agrees.
// INVALID_ARGUMENT when the signature is malformed or has no batches where the config wants them.
absl::Status CompleteFromSignature(const std::string& metadata, ModelConfig& config);

}  // namespace tournant
