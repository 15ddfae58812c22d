#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "features/brown_out.h"
#include "features/feature_backend.h"
#include "features/feature_client.h"
#include "features/hedging_fetcher.h"
#include "features/retrying_client.h"
#include "features/shared_layers.h"
#include "features/store_health.h"
#include "features/store_health_client.h"
#include "telemetry/latency_tracker.h"

namespace tournant {

struct FeatureClientOptions {
  FeatureBackendOptions backend;
  HedgingFetcher::Options hedge;
  RetryingClient::Options retry;
  uint64_t seed = 0;  // Of the breakers' jitter.
  // What calls share. Without, nothing is cached, and each fetch serves the call that asks.
  std::optional<SharedLayers::Options> shared;

  // For a store that is reached over a network, where a fetch takes `timeout` at most.
  static FeatureClientOptions Remote(Duration timeout);
  // For a store in this process. It cannot be away, so nothing is tried twice; but the file or the
  // Redis behind it can, and its breaker then spares calls the wait. To ask it costs nobody else
  // anything, so that it is tried again after two seconds at the latest.
  static FeatureClientOptions Embedded(Duration timeout);
};

// All layers between a call and its feature store, as MakeFeatureClient put them together. Owned by
// main, outlives every call. Thread-safe.
class LayeredFeatureClient final : public FeatureClient {
 public:
  Task<absl::StatusOr<FetchedFeatures>> Fetch(const CallContext& call,
                                              const FetchRequest& request) override;

  // When no call is left, and before the loops end: blocks until nothing is fetched any more.
  void WaitForBackground() const;

  // What brown-outs are decided by.
  StoreHealth Health(TimePoint now) const;

  // For reports.
  const HedgingFetcher::Backends& backends() const { return backends_; }
  const HedgingFetcher& hedging() const { return *hedging_; }
  const RetryingClient& retrying() const { return *retrying_; }
  const LatencyTracker& latency() const { return latency_; }
  const SharedLayers* shared() const { return shared_ ? &*shared_ : nullptr; }

 private:
  friend std::unique_ptr<LayeredFeatureClient> MakeFeatureClient(
      std::vector<FeatureBackendParts> backends, const BrownOut& brown_out,
      const FeatureClientOptions& options);
  LayeredFeatureClient() = default;

  // From the store outwards, each layer above those that it uses.
  LatencyTracker latency_;
  HedgingFetcher::Backends backends_;
  std::optional<HedgingFetcher> hedging_;
  std::optional<RetryingClient> retrying_;
  std::optional<StoreHealthClient> health_;
  std::optional<SharedLayers> shared_;
  FeatureClient* outermost_ = nullptr;
};

// Composes the layers for a store with these backends, one at least and kMaxBackends at most, over
// each of which a choice is made for every fetch. `brown_out` outlives the client.
std::unique_ptr<LayeredFeatureClient> MakeFeatureClient(std::vector<FeatureBackendParts> backends,
                                                        const BrownOut& brown_out,
                                                        const FeatureClientOptions& options);

}  // namespace tournant
