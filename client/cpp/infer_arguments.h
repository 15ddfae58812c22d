#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cpp/model_signature.h"
#include "inference/grpc_service.pb.h"

namespace tournant::client {

// Requests from what a person writes. INVALID_ARGUMENT names the tensor that is wrong, and lists
// the model's inputs when a name is unknown.

// "name=value" each. A value is one element, numbers with commas between them, or a JSON array; it
// fills as many rows as it has elements for.
absl::StatusOr<inference::ModelInferRequest> RequestFromArguments(
    const ModelSignature& signature, const std::vector<std::string>& arguments);

// Either {"name": value or array, ...} or the protocol's REST form (rest_request.h).
absl::StatusOr<inference::ModelInferRequest> RequestFromJson(const ModelSignature& signature,
                                                             absl::string_view text);

}  // namespace tournant::client
