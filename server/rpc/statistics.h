#pragma once

#include "absl/status/status.h"
#include "inference/grpc_service.pb.h"
#include "models/registry.h"

namespace tournant {

// What ModelStatistics answers: one row for each version that serves, of one model or of all, with
// what it has done since it was loaded. INVALID_ARGUMENT for a model or version that does not
// serve. Cache figures stay zero and response_stats empty: there is no cache, and no model has
// several answers for a request. Called on event loops; never blocks for longer than a batch takes
// to be counted.
absl::Status DescribeStatistics(const ModelRegistry& registry,
                                const inference::ModelStatisticsRequest& request,
                                inference::ModelStatisticsResponse& answer);

}  // namespace tournant
