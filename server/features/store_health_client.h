#pragma once

#include "base/mutex.h"
#include "features/call_window.h"
#include "features/feature_client.h"
#include "features/store_health.h"
#include "telemetry/latency_tracker.h"

namespace tournant {

// The layer that sees how fetches end after all that was done for them, which is what a brown-out
// is decided by. Owned by the layered client. Thread-safe.
class StoreHealthClient final : public FeatureClient {
 public:
  // `latency` tells how long good answers take. Both outlive it. The last ten times `bucket` are
  // looked at.
  StoreHealthClient(FeatureClient& next, const LatencyTracker& latency,
                    Duration bucket = std::chrono::milliseconds(500))
      : next_(next), latency_(latency), window_(bucket) {}

  Task<absl::StatusOr<FetchedFeatures>> Fetch(const CallContext& call,
                                              const FetchRequest& request) override;

  // StoreHealth::error_rate and StoreHealth::fetches.
  void Tell(TimePoint now, StoreHealth& health) const;

 private:
  FeatureClient& next_;
  const LatencyTracker& latency_;
  mutable Mutex mutex_;
  CallWindow window_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tournant
