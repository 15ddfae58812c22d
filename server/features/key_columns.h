#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "features/bound_request.h"
#include "features/feature_client.h"
#include "features/feature_plan.h"
#include "models/tensor.h"

namespace tournant {

// Longer keys are a mistake: refused here, by name, instead of by a store for the whole fetch.
inline constexpr size_t kMaxKeyBytes = 4096;

// The keys of a call's rows, each in the type that the store holds it in. INVALID_ARGUMENT at
// "inputs[i].contents" for an integer that the key's type cannot hold, a text that is too long or
// no UTF-8: no store holds such a key. Refers to the bytes of `request`.
absl::StatusOr<std::vector<KeyColumn>> ReadKeys(const FeaturePlan& plan, const BoundRequest& bound,
                                                const std::vector<NamedTensor>& request,
                                                int64_t rows);

}  // namespace tournant
