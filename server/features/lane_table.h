#pragma once

#include <memory>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "features/fetch_lane.h"

namespace tournant {

// The lanes of one loop in which something is going on. Touched on that loop only, outlives its
// lanes.
class LaneTable {
 public:
  explicit LaneTable(const FetchLane::Shared& shared) : shared_(shared) {}
  LaneTable(const LaneTable&) = delete;
  LaneTable& operator=(const LaneTable&) = delete;

  const EventLoop& home() const { return shared_.home; }
  // Fetches are shared by those who want the same features: the keys of a row are then exactly what
  // these are found by, so that equal rows are equal for the store, and nobody waits for features
  // that only others want.
  std::shared_ptr<FetchLane> LaneFor(const CallContext& call, const FetchRequest& request);

 private:
  void Erase(FetchLane* lane);

  const FetchLane::Shared shared_;
  // A plan has one lane unless callers override features, or caches know some of them.
  absl::flat_hash_map<const FetchPlan*, absl::InlinedVector<FetchLane*, 1>> lanes_;
};

}  // namespace tournant
