#pragma once

#include "absl/status/status.h"
#include "cpp/json_codec.h"
#include "cpp/model_signature.h"
#include "inference/grpc_service.pb.h"

namespace tournant::client {

// Adds to `request` what the protocol's REST form of a request says:
//
//   {"id", "parameters", "inputs": [{"name", "datatype", "shape", "parameters", "data"}, ...],
//    "outputs": [{"name", "parameters"}, ...]}
//
// Datatype and shape may be left out, and are then the model's. A parameter is a boolean, a whole
// number, another number or a string. INVALID_ARGUMENT names the place of what is wrong; any other
// key is. `json` is an object.
absl::Status AddRestRequest(const ModelSignature& signature, const Json& json,
                            inference::ModelInferRequest& request);

}  // namespace tournant::client
