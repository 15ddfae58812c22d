#pragma once

#include "features/brown_out.h"
#include "features/feature_client.h"
#include "telemetry/counter.h"

namespace tournant {

// The layer that spares the store in a brown-out: from kNoOptionalViews on, the features of
// optional views are not fetched; at kCacheOnly nothing is. A feature service is fetched as a whole
// or not at all, so that optional views of one are left out only when nothing else is wanted.
// Behind the caches, since what they know needs no fetch. Thread-safe; owned by main, outlives
// every call.
class BrownOutClient final : public FeatureClient {
 public:
  struct Counters {
    Counter refused;  // Fetches that were not made.
    Counter trimmed;  // Fetches that were made without optional views.
  };

  BrownOutClient(FeatureClient& next, const BrownOut& brown_out)
      : next_(next), brown_out_(brown_out) {}

  Task<absl::StatusOr<FetchedFeatures>> Fetch(const CallContext& call,
                                              const FetchRequest& request) override;

  const Counters& counters() const { return counters_; }

 private:
  // At kNoOptionalViews or above.
  Task<absl::StatusOr<FetchedFeatures>> FetchLess(const CallContext& call,
                                                  const FetchRequest& request, BrownOutLevel level);

  FeatureClient& next_;
  const BrownOut& brown_out_;
  Counters counters_;
};

}  // namespace tournant
