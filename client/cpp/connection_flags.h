#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cpp/inference_client.h"
#include "cpp/tool.h"

namespace tournant::client {

// --server and --deadline: what every subcommand that calls a server takes.
std::vector<std::string> WithConnectionFlags(std::vector<std::string> flags);

// INVALID_ARGUMENT, with the range, for what cannot be the deadline of a call.
absl::Status CheckDeadline(absl::Duration deadline);
// The values of both flags; INVALID_ARGUMENT names the flag that is wrong.
std::string ServerFlag();
absl::StatusOr<std::chrono::milliseconds> DeadlineFlag();

// A client as these flags say; INVALID_ARGUMENT for an address that cannot be one.
absl::StatusOr<std::unique_ptr<InferenceClient>> ConnectedClient(const ToolContext& context);

}  // namespace tournant::client
