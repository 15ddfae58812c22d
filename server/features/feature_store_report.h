#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "features/brown_out.h"
#include "features/layered_feature_client.h"
#include "telemetry/metrics_registry.h"
#include "telemetry/status_source.h"

namespace tournant {

// How the feature store does as the feature client's layers see it, for people and for Prometheus.
// Owned by main. Any thread.
class FeatureStoreReport final : public StatusSource {
 public:
  // All outlive it.
  FeatureStoreReport(const LayeredFeatureClient& client, const BrownOut& brown_out,
                     const Clock& clock)
      : client_(client), brown_out_(brown_out), clock_(clock) {}

  // Registers the numbers of the layers; the registry's Text must not be called after the client
  // has gone.
  //   tournant_feature_requests_total{backend,outcome="ok"|"error"|"unavailable"|"timeout"|
  //       "hurried"|"exhausted"|"cancelled"|"breaker_open"|"over_limit"}
  //   tournant_feature_fetch_seconds{backend}, tournant_feature_rows_per_fetch{backend}
  //   tournant_feature_backend_reachable{backend}
  //   tournant_feature_in_flight{backend}, tournant_feature_outgoing_limit{backend}
  //   tournant_feature_breaker_state{backend}: 0 closed, 1 half open, 2 open
  //   tournant_feature_breaker_transitions_total{backend,to="closed"|"half_open"|"open"}
  //   tournant_feature_hedges_total{outcome="won"|"lost"|"suppressed"}
  //   tournant_feature_hedge_budget_tokens
  //   tournant_feature_retries_total, tournant_feature_retry_budget_tokens
  //   tournant_feature_error_rate, tournant_feature_brownout_level
  //   grpc_client_attempt_started_total, grpc_client_attempt_duration_seconds,
  //   grpc_client_attempt_{sent,rcvd}_total_compressed_message_size_bytes
  void RegisterWith(MetricsRegistry& registry) const;

  absl::string_view status_name() const override { return "feature_store"; }
  std::string StatusJson() const override;

 private:
  void RegisterBackends(MetricsRegistry& registry) const;
  std::vector<FeatureBackend::Status> Backends() const;
  std::vector<const AttemptMetrics*> Attempts() const;
  double BrownOutNumber() const { return static_cast<double>(brown_out_.level()); }

  const LayeredFeatureClient& client_;
  const BrownOut& brown_out_;
  const Clock& clock_;
};

}  // namespace tournant
