#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "features/feature_plan.h"
#include "models/tensor.h"

namespace tournant {

// Which tensor of a call is what the plan knows: positions in the call's list, kAbsent for what the
// caller left out. Lives in the call's frame.
struct BoundRequest {
  static constexpr int kAbsent = -1;

  std::vector<int> requests;  // For each request tensor of the plan.
  std::vector<int> features;  // For each feature: the tensor that overrides it.
  std::vector<int> inputs;    // For each input: the tensor that overrides it as a whole.
};

// INVALID_ARGUMENT at "inputs[i].name" for a tensor without a meaning or given twice, at "inputs"
// for a missing one that is not optional.
absl::StatusOr<BoundRequest> BindRequest(const FeaturePlan& plan,
                                         const std::vector<NamedTensor>& request);

// For each feature of the plan whether this call needs it from the store: some column uses it, and
// neither it nor that column's input is given by the caller.
std::vector<uint8_t> WantedFeatures(const FeaturePlan& plan, const BoundRequest& bound);

}  // namespace tournant
