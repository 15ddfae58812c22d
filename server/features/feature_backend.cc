#include "features/feature_backend.h"

#include <utility>

namespace tournant {

FeatureBackend::FeatureBackend(FeatureBackendParts parts, const FeatureBackendOptions& options,
                               LatencyTracker& tracker, uint64_t seed)
    : parts_(std::move(parts)),
      measured_(parts_.name, *parts_.stub, tracker),
      limit_(parts_.name, measured_, options.limit, tracker),
      breaker_(parts_.name, limit_, options.breaker, options.slow_after, tracker, seed) {}

Task<absl::StatusOr<FetchedFeatures>> FeatureBackend::Fetch(const CallContext& call,
                                                            const FetchRequest& request) {
  return breaker_.Fetch(call, request);
}

BackendView FeatureBackend::View(TimePoint now) const {
  return {Reachable(), breaker_.Allows(now), limit_.Read().in_flight};
}

FeatureBackend::Status FeatureBackend::Read(TimePoint now) const {
  return {parts_.name, Reachable(), breaker(now), limit_.Read(), measured_.Read()};
}

}  // namespace tournant
