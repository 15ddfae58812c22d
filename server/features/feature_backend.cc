#include "features/feature_backend.h"

#include <utility>

namespace tournant {

FeatureBackend::FeatureBackend(FeatureBackendParts parts, const FeatureBackendOptions& options,
                               LatencyTracker& tracker, uint64_t seed)
    : parts_(std::move(parts)),
      measured_(parts_.name, *parts_.stub, tracker),
      limit_(parts_.name, measured_, options.limit, tracker),
      first_(options.breaker
                 ? static_cast<FeatureClient&>(breaker_.emplace(
                       parts_.name, limit_, *options.breaker, options.slow_after, tracker, seed))
                 : limit_) {}

Task<absl::StatusOr<FetchedFeatures>> FeatureBackend::Fetch(const CallContext& call,
                                                            const FetchRequest& request) {
  return first_.Fetch(call, request);
}

BackendView FeatureBackend::View(TimePoint now) const {
  return {Reachable(), !breaker_ || breaker_->Allows(now), limit_.Read().in_flight};
}

BreakerClient::Numbers FeatureBackend::breaker(TimePoint now) const {
  return breaker_ ? breaker_->Read(now) : BreakerClient::Numbers();
}

FeatureBackend::Status FeatureBackend::Read(TimePoint now) const {
  return {parts_.name, Reachable(), breaker(now), limit_.Read(), measured_.Read()};
}

}  // namespace tournant
