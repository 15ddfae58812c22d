#pragma once

#include <vector>

#include "inference/worker_pool.h"
#include "models/registry.h"
#include "telemetry/metrics_registry.h"

namespace tournant {

// What each model version costs and does, for Prometheus. Only versions that are known have series,
// whatever callers ask for, and those of one that is unloaded end with it.
//
// Owned by main. Any thread.
class VersionReport {
 public:
  // Both outlive it.
  VersionReport(const ModelRegistry& registry, const WorkerPool& pool)
      : registry_(registry), pool_(pool) {}

  // Registers the numbers; the registry's Text must not be called after this object has gone.
  //   tournant_queue_jobs{model,version}, tournant_batch_rows{model,version}
  //   tournant_cost_model_{fixed,row,residual}_seconds{model,version}
  //   tournant_capacity_rows_per_second{model,version}
  //   tournant_model_version_failed{model,version}
  void RegisterWith(MetricsRegistry& registry) const;
  // The same in Triton's names (nv_inference_*), for its dashboards.
  void RegisterTritonNames(MetricsRegistry& registry) const;

 private:
  std::vector<MetricSample> WaitingJobs() const;

  const ModelRegistry& registry_;
  const WorkerPool& pool_;
};

}  // namespace tournant
