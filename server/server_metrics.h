#pragma once

#include "admission/admission.h"
#include "base/clock.h"
#include "inference/pool_status.h"
#include "inference/worker_pool.h"
#include "rpc/model_server.h"
#include "telemetry/call_stats.h"
#include "telemetry/metrics_registry.h"
#include "telemetry/recent_rate.h"

namespace tournant {

// Which calls wait for a worker, and which have one.
QueuedCalls QueuedCallsOf(const PoolStatus& pool);

// The figures for /metrics that no room knows alone: what the server is, how it stands, and how
// much of what it can do is asked of it. Owned by main. Any thread.
class ServerMetrics {
 public:
  // All outlive it.
  ServerMetrics(const AdmissionControl& admission, const WorkerPool& pool, const Clock& clock);

  // Registers the numbers; the registry's Text must not be called after this object has gone.
  //   tournant_build_info{version,grpc,torch}: always 1
  //   tournant_admission_limit_calls{criticality}, tournant_admission_limit_request_bytes{...}
  //   tournant_offered_work_seconds_total: estimated computing time of all valid calls
  //   tournant_offered_utilization, tournant_pool_utilization: 1 is all that the workers can do
  void RegisterWith(MetricsRegistry& registry);
  // And those of the server, which outlives the last scrape.
  //   tournant_live, tournant_ready, tournant_draining: 1 or 0
  //   tournant_grpc_connections
  static void RegisterServer(ModelServer& server, MetricsRegistry& registry);

 private:
  const AdmissionControl& admission_;
  const WorkerPool& pool_;
  RecentRate offered_;
  RecentRate computed_;
};

}  // namespace tournant
