#include "status/pool_report.h"

#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

namespace tournant {
namespace {

using Outcome = std::pair<const char*, int64_t>;

std::vector<Outcome> Outcomes(const PoolCounts& counts) {
  return {{"ok", counts.ok},     {"failed", counts.failed},     {"expired", counts.expired},
          {"shed", counts.shed}, {"unwanted", counts.unwanted}, {"rejected", counts.rejected}};
}

double Seconds(Duration time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

void PoolReport::RegisterWith(MetricsRegistry& registry) const {
  const WorkerPool& pool = pool_;
  registry.AddGauge("tournant_workers", "Threads that run models.",
                    [&pool] { return pool.workers(); });
  registry.AddGauge("tournant_workers_awake", "Workers that compute or look for work.",
                    [&pool] { return pool.Status().awake; });
  registry.AddCounters("tournant_inference_jobs_total", "Jobs by how they ended.", [&pool] {
    std::vector<MetricSample> samples;
    for (const auto& [name, count] : Outcomes(pool.Status().counts)) {
      samples.push_back({{{"outcome", name}}, static_cast<double>(count)});
    }
    return samples;
  });
  registry.AddCounter("tournant_inference_executions_total", "Executions of a model, batches.",
                      [&pool] { return static_cast<double>(pool.Status().counts.executions); });
  registry.AddCounter("tournant_inference_rows_total", "Rows in executions of a model.",
                      [&pool] { return static_cast<double>(pool.Status().counts.rows); });
  registry.AddCounter("tournant_compute_seconds_total", "Time that executions of a model took.",
                      [&pool] { return Seconds(pool.Status().counts.computed); });
  registry.AddCounter("tournant_wasted_compute_seconds_total",
                      "Time of executions for calls that had ended before they were answered.",
                      [&pool] { return Seconds(pool.Status().counts.wasted); });
}

std::string PoolReport::StatusJson() const {
  const PoolStatus status = pool_.Status();
  nlohmann::json json;
  json["workers"] = status.workers;
  json["awake"] = status.awake;
  json["executions"] = status.counts.executions;
  json["rows"] = status.counts.rows;
  json["compute_seconds"] = Seconds(status.counts.computed);
  json["wasted_seconds"] = Seconds(status.counts.wasted);
  for (const auto& [name, count] : Outcomes(status.counts)) json["jobs"][name] = count;
  json["queues"] = nlohmann::json::array();
  for (const QueueStatus& queue : status.queues) {
    json["queues"].push_back({{"model", queue.model},
                              {"version", queue.version},
                              {"jobs", queue.jobs},
                              {"rows", queue.rows}});
  }
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace tournant
