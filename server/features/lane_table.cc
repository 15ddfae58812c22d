#include "features/lane_table.h"

#include <algorithm>

namespace tournant {

std::shared_ptr<FetchLane> LaneTable::LaneFor(const CallContext& call,
                                              const FetchRequest& request) {
  auto& lanes = lanes_[&request.plan];
  for (FetchLane* lane : lanes) {
    if (lane->wanted() == request.wanted) return lane->shared_from_this();
  }
  std::shared_ptr<FetchLane> lane(new FetchLane(shared_, call, request), [this](FetchLane* gone) {
    Erase(gone);
    delete gone;
  });
  lanes.push_back(lane.get());
  return lane;
}

void LaneTable::Erase(FetchLane* lane) {
  const auto found = lanes_.find(&lane->plan());
  auto& lanes = found->second;
  lanes.erase(std::find(lanes.begin(), lanes.end(), lane));
  if (lanes.empty()) lanes_.erase(found);
}

}  // namespace tournant
