#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "telemetry/call_metrics.h"
#include "telemetry/metrics_registry.h"
#include "telemetry/status_source.h"

namespace tournant {

// Of the calls in phase Queued, those that are known to wait still, and to be computed. A call's
// own loop, which keeps its phase, hears of its execution with the result.
struct QueuedCalls {
  int64_t waiting = 0;
  int64_t computing = 0;
};

// The calls of all event loops together, for people and for Prometheus. Owned by main; the
// CallMetrics outlive it, and all of them have the same methods. Any thread.
class CallStats final : public StatusSource {
 public:
  // `queued` may be empty: all wait.
  explicit CallStats(std::vector<const CallMetrics*> loops,
                     std::function<QueuedCalls()> queued = nullptr)
      : loops_(std::move(loops)), queued_(std::move(queued)) {}

  // Registers every number; the registry's Text must not be called after this object has gone.
  void RegisterWith(MetricsRegistry& registry) const;
  // Of these grpc_server_call_* only, for servers that are no model server.
  void RegisterRpcs(MetricsRegistry& registry) const;

  // Calls that are in each phase now, in the order of the phases, and then how many have ended in
  // each way.
  std::vector<std::pair<absl::string_view, int64_t>> ByPhase() const;

  absl::string_view status_name() const override { return "calls"; }
  // {"live": {"Accepted": 0, ...}, "ended": {"Done": 7, ...},
  //  "phase_seconds": {"Accepted": {"count": 7, "p50": 0.00001, "p99": 0.0001}, ...}}
  std::string StatusJson() const override;

 private:
  template <class F>  // F: const CallMetrics& -> int64_t
  int64_t Sum(F number) const;
  // As the loops have it.
  int64_t InPhase(Phase phase) const;
  HistogramSnapshot PhaseTime(Phase phase) const;
  // One of the histograms of CallMetrics::Ended, by method and status.
  std::vector<HistogramSample> ByMethodAndStatus(
      HistogramSnapshot CallMetrics::Ended::* histogram) const;
  void RegisterAnswers(MetricsRegistry& registry) const;
  void RegisterStops(MetricsRegistry& registry) const;
  void RegisterFeatures(MetricsRegistry& registry) const;

  const std::vector<const CallMetrics*> loops_;
  const std::function<QueuedCalls()> queued_;
};

}  // namespace tournant
