#pragma once

#include <cstdint>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/feature_cells.h"
#include "base/feature_provenance.h"
#include "features/bound_request.h"
#include "features/feature_plan.h"
#include "features/fetched_features.h"
#include "models/tensor.h"

namespace tournant {

// A model's inputs, ready to be queued, and where their cells came from.
struct AssembledInputs {
  std::vector<Tensor> inputs;  // In the order of the config; type kInvalid: optional, not given.
  FeatureProvenance provenance;
  absl::InlinedVector<CellCounts, 4> by_view;  // The same cells, for each view of the plan.
  FeatureCells cells;                          // Each of them, where that was asked for.
};

// Fills the model's inputs from a call's tensors and from what was fetched, or from `fetched`'s
// error where nothing was. A tensor that the caller sent for a feature or for a whole input wins.
// `now` decides what is stale. With `keep_cells` the answer tells where each cell came from.
//
// INVALID_ARGUMENT for a tensor of the caller that does not fit. A cell under FAIL without a usable
// value ends it: FAILED_PRECONDITION when the store has none, UNAVAILABLE when it could not be
// asked.
absl::StatusOr<AssembledInputs> Assemble(const FeaturePlan& plan,
                                         const std::vector<NamedTensor>& request,
                                         const BoundRequest& bound, int64_t rows,
                                         const absl::StatusOr<FetchedFeatures>& fetched,
                                         WallTime now, bool keep_cells = false);

}  // namespace tournant
