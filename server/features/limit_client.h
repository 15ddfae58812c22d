#pragma once

#include <string>

#include "base/mutex.h"
#include "features/aimd_limit.h"
#include "features/feature_client.h"
#include "telemetry/latency_tracker.h"

namespace tournant {

// The layer that bounds how many calls are in flight to one backend. Nothing queues here: over the
// limit a fetch is refused at once, RESOURCE_EXHAUSTED, and nothing is sent. Owned by its backend.
// Thread-safe.
class LimitClient final : public FeatureClient {
 public:
  // `next` and `tracker` outlive it.
  LimitClient(std::string backend, FeatureClient& next, AimdLimitOptions options,
              const LatencyTracker& tracker)
      : backend_(std::move(backend)), next_(next), tracker_(tracker), limit_(options) {}

  Task<absl::StatusOr<FetchedFeatures>> Fetch(const CallContext& call,
                                              const FetchRequest& request) override;

  struct Numbers {
    int64_t in_flight = 0;
    int64_t limit = 0;
    int64_t refused = 0;
  };
  Numbers Read() const;

 private:
  class Place;

  bool Enter();
  void Leave(TimePoint entered, TimePoint now, AimdLimit::Sign sign);

  const std::string backend_;
  FeatureClient& next_;
  const LatencyTracker& tracker_;

  mutable Mutex mutex_;
  AimdLimit limit_ ABSL_GUARDED_BY(mutex_);
  int64_t refused_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace tournant
