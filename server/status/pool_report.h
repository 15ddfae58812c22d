#pragma once

#include "inference/worker_pool.h"
#include "telemetry/metrics_registry.h"
#include "telemetry/status_source.h"

namespace tournant {

// What the worker pool is doing, for people and for Prometheus. Any thread.
class PoolReport final : public StatusSource {
 public:
  // `pool` outlives it.
  explicit PoolReport(const WorkerPool& pool) : pool_(pool) {}

  // Registers the pool's numbers; the registry's Text must not be called after the pool has gone.
  //   tournant_workers, tournant_workers_awake
  //   tournant_inference_jobs_total{outcome="ok"|"failed"|"expired"|"shed"|"unwanted"|"rejected"}
  //   tournant_inference_executions_total, tournant_inference_rows_total
  //   tournant_compute_seconds_total, tournant_wasted_compute_seconds_total
  void RegisterWith(MetricsRegistry& registry) const;

  absl::string_view status_name() const override { return "workers"; }
  std::string StatusJson() const override;

 private:
  const WorkerPool& pool_;
};

}  // namespace tournant
