#include "server_metrics.h"

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "rpc/connection_count.h"
#include "torchscript/torch_settings.h"

namespace tournant {
namespace {

double Seconds(Duration time) { return std::chrono::duration<double>(time).count(); }

// What of `limit` each class may have.
MetricsRegistry::Read<MetricSample> SharesOf(int64_t limit) {
  return [limit] {
    std::vector<MetricSample> samples;
    samples.reserve(kCriticalities);
    for (const Criticality criticality : kAllCriticalities) {
      samples.push_back({{{"criticality", std::string(CriticalityName(criticality))}},
                         PatienceShare(criticality) * static_cast<double>(limit)});
    }
    return samples;
  };
}

}  // namespace

QueuedCalls QueuedCallsOf(const PoolStatus& pool) {
  QueuedCalls calls{.computing = pool.executing};
  for (const QueueStatus& queue : pool.queues) calls.waiting += queue.jobs;
  return calls;
}

ServerMetrics::ServerMetrics(const AdmissionControl& admission, const WorkerPool& pool,
                             const Clock& clock)
    : admission_(admission),
      pool_(pool),
      offered_(clock, [&admission] { return Seconds(admission.Read().offered_work); }),
      computed_(clock, [&pool] { return Seconds(pool.Status().counts.computed); }) {}

void ServerMetrics::RegisterWith(MetricsRegistry& registry) {
  registry.AddGauges(
      "tournant_build_info",
      "Always 1; the versions of the server, of gRPC and of Torch are its labels.", [] {
        return std::vector<MetricSample>{
            {{{"version", TOURNANT_VERSION}, {"grpc", grpc::Version()}, {"torch", TorchVersion()}},
             1}};
      });
  registry.AddGauges("tournant_admission_limit_calls",
                     "Calls in memory from which on calls of a class are refused.",
                     SharesOf(admission_.options().max_calls));
  registry.AddGauges("tournant_admission_limit_request_bytes",
                     "Bytes of requests in memory from which on calls of a class are refused.",
                     SharesOf(admission_.options().max_bytes));
  registry.AddCounter(
      "tournant_offered_work_seconds_total",
      "Estimated computing time of all valid calls, admitted or not, were batches full.",
      [this] { return Seconds(admission_.Read().offered_work); });
  registry.AddGauge("tournant_offered_utilization",
                    "Estimated work of all valid calls as a part of what the workers can do, over "
                    "the last 15 s or since the scrape before; above 1 it is more.",
                    [this] { return offered_.PerSecond() / pool_.workers(); });
  registry.AddGauge("tournant_pool_utilization",
                    "The part of their time that workers computed, over the last 15 s or since the "
                    "scrape before.",
                    [this] { return computed_.PerSecond() / pool_.workers(); });
}

void ServerMetrics::RegisterServer(ModelServer& server, MetricsRegistry& registry) {
  Health& health = server.health();
  registry.AddGauge("tournant_live", "1: every event loop and worker answers the watchdog.",
                    [&health] { return health.live() ? 1 : 0; });
  registry.AddGauge("tournant_ready", "1: every model serves, and the server does not drain.",
                    [&health] { return health.ready() ? 1 : 0; });
  registry.AddGauge("tournant_draining", "1: the server is on its way to its end.",
                    [&health] { return health.draining() ? 1 : 0; });
  registry.AddGauge("tournant_grpc_connections", "TCP connections to the gRPC port.",
                    [port = server.port()] { return static_cast<double>(OpenConnections(port)); });
}

}  // namespace tournant
