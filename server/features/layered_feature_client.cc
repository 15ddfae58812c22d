#include "features/layered_feature_client.h"

#include <chrono>
#include <utility>

namespace tournant {

FeatureClientOptions FeatureClientOptions::Remote(Duration timeout) {
  FeatureClientOptions options;
  // An answer that came just in time will be too late next time.
  options.backend.slow_after = timeout * 4 / 5;
  return options;
}

FeatureClientOptions FeatureClientOptions::Embedded(Duration timeout) {
  FeatureClientOptions options = Remote(timeout);
  options.backend.breaker.longest_open = std::chrono::seconds(2);
  options.retry.budget = {.per_call = 0, .most = 0, .at_start = 0};
  return options;
}

// A call goes through the layers from the last one here to the first: plan, overrides and the
// deadline budget (AwaitFeatures) -> what calls share: cache, brown-out, single flight and row
// batching -> health -> retry -> hedge and choice of backend -> per backend: breaker, concurrency
// limit, measurement, stub.
std::unique_ptr<LayeredFeatureClient> MakeFeatureClient(std::vector<FeatureBackendParts> backends,
                                                        const BrownOut& brown_out,
                                                        const FeatureClientOptions& options) {
  std::unique_ptr<LayeredFeatureClient> client(new LayeredFeatureClient);
  uint64_t seed = options.seed;
  for (FeatureBackendParts& parts : backends) {
    client->backends_.push_back(std::make_unique<FeatureBackend>(std::move(parts), options.backend,
                                                                 client->latency_, seed++));
  }
  client->hedging_.emplace(client->backends_, client->latency_, brown_out, options.hedge);
  client->retrying_.emplace(*client->hedging_, options.retry);
  client->health_.emplace(*client->retrying_, client->latency_);
  client->outermost_ = &*client->health_;
  if (options.shared) {
    client->shared_.emplace(*client->health_, brown_out, *options.shared);
    client->outermost_ = &*client->shared_;
  }
  return client;
}

void LayeredFeatureClient::WaitForBackground() const {
  if (shared_) shared_->WaitForBackground();
}

Task<absl::StatusOr<FetchedFeatures>> LayeredFeatureClient::Fetch(const CallContext& call,
                                                                  const FetchRequest& request) {
  return outermost_->Fetch(call, request);
}

StoreHealth LayeredFeatureClient::Health(TimePoint now) const {
  StoreHealth health;
  health.any_backend_available = false;
  health_->Tell(now, health);
  for (const std::unique_ptr<FeatureBackend>& backend : backends_) {
    const BreakerClient::Numbers breaker = backend->breaker(now);
    health.any_backend_available |= breaker.allows;
    health.breaker_open |= breaker.state != BreakerState::kClosed;
  }
  return health;
}

}  // namespace tournant
