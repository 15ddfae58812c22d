#pragma once

#include "absl/status/status.h"
#include "inference/grpc_service.pb.h"
#include "models/registry.h"

namespace tournant {

// What callers can ask about the server and its models, as pure functions of the registry. Called
// on event loops; none of them blocks.

void DescribeServer(inference::ServerMetadataResponse& answer);

// NOT_FOUND for an unknown model or version; a known one that is not ready is answered `false`.
absl::Status DescribeReadiness(const ModelRegistry& registry,
                               const inference::ModelReadyRequest& request,
                               inference::ModelReadyResponse& answer);

// A ModelDescription as a message.
absl::Status DescribeModel(const ModelRegistry& registry,
                           const inference::ModelMetadataRequest& request,
                           inference::ModelMetadataResponse& answer);

absl::Status DescribeConfig(const ModelRegistry& registry,
                            const inference::ModelConfigRequest& request,
                            inference::ModelConfigResponse& answer);

}  // namespace tournant
