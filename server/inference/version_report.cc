#include "inference/version_report.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "inference/model_queue.h"

namespace tournant {
namespace {

MetricLabels LabelsOf(const std::string& model, int64_t version) {
  return {{"model", model}, {"version", absl::StrCat(version)}};
}

double Seconds(Duration time) { return std::chrono::duration<double>(time).count(); }

// One sample for each version that has learnt what it costs.
MetricsRegistry::Read<MetricSample> EachCost(const ModelRegistry& registry,
                                             std::function<double(const ModelQueue&)> number) {
  return [&registry, number = std::move(number)] {
    std::vector<MetricSample> samples;
    for (const ModelHandle& version : registry.Serving()) {
      const ModelQueue* const queue = version->queue.get();
      if (queue == nullptr || queue->cost().EstimateCost(1) <= Duration::zero()) continue;
      samples.push_back({LabelsOf(version->name, version->version), number(*queue)});
    }
    return samples;
  };
}

std::vector<HistogramSample> BatchRows(const ModelRegistry& registry) {
  std::vector<HistogramSample> samples;
  for (const ModelHandle& version : registry.Serving()) {
    if (version->queue == nullptr) continue;
    HistogramSnapshot rows;
    for (const auto& [size, batch] : version->queue->statistics().Read().batches) {
      rows.Add(static_cast<uint64_t>(size), static_cast<uint64_t>(batch.executions));
    }
    samples.push_back({LabelsOf(version->name, version->version), std::move(rows)});
  }
  return samples;
}

// A version that serves keeps a reason where it could not be replaced.
std::vector<MetricSample> Failures(const ModelRegistry& registry) {
  std::vector<MetricSample> samples;
  for (const VersionStatus& status : registry.List()) {
    if (status.unloaded) continue;
    const bool failed = status.state == VersionState::kUnavailable ||
                        (status.state == VersionState::kReady && !status.reason.empty());
    samples.push_back({LabelsOf(status.model, status.version), failed ? 1.0 : 0.0});
  }
  return samples;
}

}  // namespace

std::vector<MetricSample> VersionReport::WaitingJobs() const {
  // The pool names those queues alone where something waits.
  std::map<std::pair<std::string, int64_t>, int64_t> waiting;
  for (const QueueStatus& queue : pool_.Status().queues) {
    waiting[{queue.model, queue.version}] += queue.jobs;
  }
  std::vector<MetricSample> samples;
  for (const ModelHandle& version : registry_.Serving()) {
    if (version->queue == nullptr) continue;
    samples.push_back({LabelsOf(version->name, version->version),
                       static_cast<double>(waiting[{version->name, version->version}])});
  }
  return samples;
}

void VersionReport::RegisterWith(MetricsRegistry& registry) const {
  const ModelRegistry& models = registry_;
  registry.AddGauges("tournant_queue_jobs", "Calls that wait for a worker.",
                     [this] { return WaitingJobs(); });
  registry.AddHistograms("tournant_batch_rows", "Rows in an execution of a model version.",
                         HistogramUnit::kRows, [&models] { return BatchRows(models); });
  registry.AddGauges(
      "tournant_cost_model_fixed_seconds",
      "What an execution of a model version costs whatever its rows, as learnt.",
      EachCost(models, [](const ModelQueue& queue) { return Seconds(queue.cost().fixed_cost()); }));
  registry.AddGauges(
      "tournant_cost_model_row_seconds",
      "What each row of an execution costs besides the fixed cost, as learnt.",
      EachCost(models, [](const ModelQueue& queue) { return Seconds(queue.cost().row_cost()); }));
  registry.AddGauges(
      "tournant_cost_model_residual_seconds",
      "How far estimates of the cost of an execution were off of late, root mean square.",
      EachCost(models, [](const ModelQueue& queue) { return Seconds(queue.cost().residual()); }));
  registry.AddGauges(
      "tournant_capacity_rows_per_second",
      "Rows that all workers could compute of a model version, were it alone and "
      "its batches full, by what it costs.",
      EachCost(models, [workers = pool_.workers()](const ModelQueue& queue) {
        const auto most = static_cast<double>(
            queue.max_running() > 0 ? std::min<int64_t>(workers, queue.max_running()) : workers);
        return most / Seconds(std::max(queue.ShareOfBatch(1), Duration(1)));
      }));
  registry.AddGauges("tournant_model_version_failed",
                     "1: the version could not be loaded, or not be replaced; 0: it serves, or may "
                     "yet.",
                     [&models] { return Failures(models); });
}

}  // namespace tournant
