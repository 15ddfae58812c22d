#pragma once

#include "absl/status/status.h"
#include "inference/grpc_service.pb.h"
#include "models/registry.h"

namespace tournant {

// TraceSetting: calls are not traced, and the answer says so in Triton's terms. To change that is
// UNIMPLEMENTED; NOT_FOUND for a model nobody knows. A pure function of the registry.
absl::Status DescribeTracing(const ModelRegistry& registry,
                             const inference::TraceSettingRequest& request,
                             inference::TraceSettingResponse& answer);

}  // namespace tournant
