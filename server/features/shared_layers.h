#pragma once

#include "base/call_count.h"
#include "features/brown_out.h"
#include "features/brown_out_client.h"
#include "features/caching_client.h"
#include "features/coalescing_client.h"
#include "features/feature_client.h"

namespace tournant {

// The layers that calls share, above those that talk to the store: a call asks the caches; what
// they lack is fetched unless a brown-out forbids it; and such fetches are shared by the calls of a
// loop. Owned by whoever composes the client, outlives every call. Thread-safe.
class SharedLayers final : public FeatureClient {
 public:
  struct Options {
    CoalescingClient::Options coalescing;
    CachingClient::Options caching;
  };

  // Both outlive it.
  SharedLayers(FeatureClient& next, const BrownOut& brown_out, Options options)
      : coalescing_(next, background_, options.coalescing),
        sparing_(coalescing_, brown_out),
        caching_(sparing_, brown_out, background_, options.caching) {}

  Task<absl::StatusOr<FetchedFeatures>> Fetch(const CallContext& call,
                                              const FetchRequest& request) override {
    return caching_.Fetch(call, request);
  }

  // Blocks until nothing is fetched that belongs to no call. To be called when no call is left,
  // before the loops end: fetches end on them, at their deadlines at the latest.
  void WaitForBackground() const { background_.WaitForZero(); }

  // For reports.
  const CoalescingCounters& coalescing() const { return coalescing_.counters(); }
  const BrownOutClient::Counters& brown_out() const { return sparing_.counters(); }

 private:
  CallCount background_;
  // From the store outwards.
  CoalescingClient coalescing_;
  BrownOutClient sparing_;
  CachingClient caching_;
};

}  // namespace tournant
