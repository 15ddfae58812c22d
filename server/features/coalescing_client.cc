#include "features/coalescing_client.h"

#include <memory>

namespace tournant {

CoalescingClient::CoalescingClient(FeatureClient& next, CallCount& background, Options options)
    : next_(next), background_(background), options_(options) {}

CoalescingClient::~CoalescingClient() {
  for (Loop* loop = loops_.load(); loop != nullptr;) {
    const std::unique_ptr<Loop> dead(loop);
    loop = loop->next;
  }
}

LaneTable& CoalescingClient::LanesOf(EventLoop& home) {
  Loop* first = loops_.load(std::memory_order_acquire);
  for (Loop* loop = first; loop != nullptr; loop = loop->next) {
    if (&loop->lanes.home() == &home) return loop->lanes;
  }
  const FetchLane::Shared shared{home, next_, background_, counters_, options_};
  Loop* const added = new Loop{LaneTable(shared), first};
  while (!loops_.compare_exchange_weak(added->next, added, std::memory_order_acq_rel)) {
  }
  return added->lanes;
}

Task<absl::StatusOr<FetchedFeatures>> CoalescingClient::Fetch(const CallContext& call,
                                                              const FetchRequest& request) {
  if (absl::Status alive = call.Alive(); !alive.ok()) co_return alive;
  if (request.rows == 0) co_return co_await next_.Fetch(call, request);  // Nothing to share.
  counters_.calls.Add();
  const std::shared_ptr<FetchLane> lane = LanesOf(call.home).LaneFor(call, request);
  FetchWait wait(*lane, call, request);
  co_return co_await wait;
}

}  // namespace tournant
