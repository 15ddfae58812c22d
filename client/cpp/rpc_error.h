#pragma once

#include <string>

#include "absl/status/status.h"
#include "grpcpp/support/status.h"

namespace tournant::client {

// The outcome of an RPC as absl::Status, with the server's details where base/status.h finds them:
// FieldOf gives the field of a BadRequest, OverloadOf the reason and the delay of a refusal that
// carries RetryInfo.
absl::Status FromRpc(const grpc::Status& status);

// One line for a person: "INVALID_ARGUMENT: ... (field inputs[0].shape)".
std::string ErrorText(const absl::Status& status);

}  // namespace tournant::client
