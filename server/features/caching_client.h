#pragma once

#include <chrono>

#include "base/call_count.h"
#include "features/brown_out.h"
#include "features/cache_refresh.h"
#include "features/feature_client.h"

namespace tournant {

// The layer that answers from the caches of the views that have one (FetchPlan::View::cache), and
// fetches only the rows and views that lack something. Rows past their soft age are used, and
// fetched again behind; in a brown-out later or not at all. What cannot be fetched is answered with
// what is left: rows within their hard age, and for views that ask for it the last known values.
//
// Thread-safe; owned by main, outlives every call and refresh.
class CachingClient final : public FeatureClient {
 public:
  struct Options {
    Duration refresh_timeout = std::chrono::milliseconds(50);
  };

  // `background` counts refreshes: like the loops' own work, they have to end before the loops do.
  CachingClient(FeatureClient& next, const BrownOut& brown_out, CallCount& background,
                Options options);

  Task<absl::StatusOr<FetchedFeatures>> Fetch(const CallContext& call,
                                              const FetchRequest& request) override;

 private:
  // For a plan some of whose views have a cache.
  Task<absl::StatusOr<FetchedFeatures>> FetchCached(const CallContext& call,
                                                    const FetchRequest& request);

  const BrownOut& brown_out_;
  const CacheRefresh::Setting behind_;
};

}  // namespace tournant
