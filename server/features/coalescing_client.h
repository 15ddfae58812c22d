#pragma once

#include <atomic>

#include "base/call_count.h"
#include "features/coalescing_counters.h"
#include "features/feature_client.h"
#include "features/fetch_lane.h"
#include "features/lane_table.h"

namespace tournant {

// The layer that lets calls share fetches: equal rows are fetched once, and rows of different calls
// travel together. Each loop shares among its own calls, so that no lock is needed.
//
// A shared fetch belongs to no call: it runs in a context of its own, until the latest deadline of
// those who wait; a call that leaves leaves alone, and the last one cancels the fetch. `background`
// counts these fetches: at the end, when no call is left, it has to come to zero before the loops
// end. Thread-safe; owned by main, outlives every call and fetch.
class CoalescingClient final : public FeatureClient {
 public:
  using Options = CoalescingOptions;

  CoalescingClient(FeatureClient& next, CallCount& background, Options options);
  ~CoalescingClient() override;

  Task<absl::StatusOr<FetchedFeatures>> Fetch(const CallContext& call,
                                              const FetchRequest& request) override;

  const CoalescingCounters& counters() const { return counters_; }

 private:
  struct Loop {
    LaneTable lanes;
    Loop* next;
  };

  LaneTable& LanesOf(EventLoop& home);

  FeatureClient& next_;
  CallCount& background_;
  const Options options_;
  CoalescingCounters counters_;
  // One for each loop that has fetched, added by that loop; there are few.
  std::atomic<Loop*> loops_{nullptr};
};

}  // namespace tournant
