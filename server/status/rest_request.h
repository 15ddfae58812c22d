#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "pipeline/prediction.h"

namespace tournant {

// Reads a request in the REST form of the Open Inference Protocol,
//
//   {"id", "parameters", "inputs": [{"name", "shape", "datatype", "parameters", "data"}, ...],
//    "outputs": [{"name", "parameters"}, ...]}
//
// into `request`, whose model and version are known from the path. INVALID_ARGUMENT names the field
// of what is wrong; any other key is. UNIMPLEMENTED for tensors in shared memory and for the binary
// form. Whether it suits the model is for pipeline/ to say. Uses the memory of the tensors and
// little more, whatever `text` holds.
absl::Status DecodeRestRequest(absl::string_view text, InferRequest& request);

}  // namespace tournant
