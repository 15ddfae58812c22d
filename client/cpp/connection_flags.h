#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cpp/inference_client.h"
#include "cpp/tool.h"

namespace tournant::client {

// --server and --deadline: what every subcommand that calls a server takes.
std::vector<std::string> WithConnectionFlags(std::vector<std::string> flags);

// A client as these flags say; INVALID_ARGUMENT for an address that cannot be one.
absl::StatusOr<std::unique_ptr<InferenceClient>> ConnectedClient(const ToolContext& context);

}  // namespace tournant::client
