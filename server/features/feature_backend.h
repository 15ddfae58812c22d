#pragma once

#include <functional>
#include <memory>
#include <string>

#include "features/breaker_client.h"
#include "features/choose_backend.h"
#include "features/feature_client.h"
#include "features/limit_client.h"
#include "features/measured_client.h"
#include "telemetry/attempt_metrics.h"

namespace tournant {

// What a store's adapter knows about one of its backends.
struct FeatureBackendParts {
  std::string name;  // For people: "10.0.0.1:6566".
  std::unique_ptr<FeatureClient> stub;
  // Whether it is connected, or may yet be, and says that it is well. Any thread. Empty: always.
  std::function<bool()> reachable;
  std::shared_ptr<const AttemptMetrics> attempts;  // Of the stub; null: it does not count.
};

struct FeatureBackendOptions {
  BreakerOptions breaker;
  AimdLimitOptions limit;
  Duration slow_after = std::chrono::milliseconds(40);
};

// One backend of a feature store with its layers: breaker, concurrency limit, measurement, stub.
// Owned by the layered client. Thread-safe.
class FeatureBackend final : public FeatureClient {
 public:
  // `tracker` is shared by all backends and outlives them.
  FeatureBackend(FeatureBackendParts parts, const FeatureBackendOptions& options,
                 LatencyTracker& tracker, uint64_t seed);

  Task<absl::StatusOr<FetchedFeatures>> Fetch(const CallContext& call,
                                              const FetchRequest& request) override;

  // What the choice among backends needs.
  BackendView View(TimePoint now) const;

  BreakerClient::Numbers breaker(TimePoint now) const { return breaker_.Read(now); }
  const AttemptMetrics* attempts() const { return parts_.attempts.get(); }

  struct Status {
    std::string name;
    bool reachable = true;
    BreakerClient::Numbers breaker;
    LimitClient::Numbers limit;
    MeasuredClient::Numbers calls;
  };
  Status Read(TimePoint now) const;

 private:
  bool Reachable() const { return !parts_.reachable || parts_.reachable(); }

  const FeatureBackendParts parts_;
  MeasuredClient measured_;
  LimitClient limit_;
  BreakerClient breaker_;
};

}  // namespace tournant
