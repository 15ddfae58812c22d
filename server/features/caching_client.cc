#include "features/caching_client.h"

#include <utility>

#include "features/answer_size.h"
#include "features/cache_lookup.h"
#include "features/deadline_budget.h"

namespace tournant {
CachingClient::CachingClient(FeatureClient& next, const BrownOut& brown_out, CallCount& background,
                             Options options)
    : brown_out_(brown_out), behind_{next, background, options.refresh_timeout} {}

Task<absl::StatusOr<FetchedFeatures>> CachingClient::Fetch(const CallContext& call,
                                                           const FetchRequest& request) {
  // Passed on without a frame of its own, which would take a kilobyte as long as the call waits.
  if (!request.plan.cached()) return behind_.next.Fetch(call, request);
  return FetchCached(call, request);
}

Task<absl::StatusOr<FetchedFeatures>> CachingClient::FetchCached(const CallContext& call,
                                                                 const FetchRequest& request) {
  const TimePoint now = call.clock.Now();
  CacheLookup lookup(request, now, CacheLookup::WallMicros(call.clock), brown_out_.level());
  if (!lookup.to_refresh().empty()) {
    CacheRefresh::Start(behind_, call, request, lookup.to_refresh());
  }
  if (lookup.complete()) co_return lookup.Take();
  if (request.deadline <= now) co_return lookup.Merge(NoTimeToFetch());
  const FetchRequest rest = lookup.Remainder();
  absl::StatusOr<FetchedFeatures> fetched = co_await behind_.next.Fetch(call, rest);
  CheckSize(rest, fetched);
  if (absl::Status alive = call.Alive(); !alive.ok()) co_return alive;
  co_return lookup.Merge(std::move(fetched));
}

}  // namespace tournant
