#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "base/call_context.h"
#include "base/task.h"
#include "features/assemble.h"
#include "features/feature_client.h"
#include "features/feature_plan.h"
#include "models/tensor.h"

namespace tournant {

struct AwaitFeaturesOptions {
  Duration cap = std::chrono::milliseconds(50);  // Longest that one fetch may take.
  Duration reserve = Duration::zero();           // Of the call's time, left for inference.
  bool keep_cells = false;                       // Tell where each cell came from.
};

// The step of a call that waits for the feature store: what has to be fetched, one fetch for all of
// it within the call's budget, the model's inputs. `request` has been validated against the plan's
// request tensors and overrides. Nothing is fetched when the caller gave everything; a fetch that
// fails or comes too late is filled as the bindings say. `client` may be null for a plan that
// fetches nothing.
//
// INVALID_ARGUMENT, FAILED_PRECONDITION and UNAVAILABLE as Assemble says; CANCELLED or
// DEADLINE_EXCEEDED when the call ended meanwhile. All arguments outlive the task.
Task<absl::StatusOr<AssembledInputs>> AwaitFeatures(const CallContext& call,
                                                    const FeaturePlan& plan, FeatureClient* client,
                                                    const std::vector<NamedTensor>& request,
                                                    int64_t rows, AwaitFeaturesOptions options);

}  // namespace tournant
