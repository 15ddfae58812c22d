// nv_inference_*: what Triton exports of each model version, from the same figures as
// ModelStatistics and counted at the same moments.

#include <chrono>
#include <functional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "inference/model_queue.h"
#include "inference/version_report.h"

namespace tournant {
namespace {

using Totals = VersionStatistics::Totals;
using Number = std::function<double(const Totals&)>;

MetricLabels LabelsOf(const ModelVersion& version) {
  return {{"model", version.name}, {"version", absl::StrCat(version.version)}};
}

double Micros(Duration time) {
  return static_cast<double>(std::chrono::duration_cast<std::chrono::microseconds>(time).count());
}

MetricsRegistry::Read<MetricSample> EachVersion(const ModelRegistry& models, Number number) {
  return [&models, number = std::move(number)] {
    std::vector<MetricSample> samples;
    for (const ModelHandle& version : models.Serving()) {
      if (version->queue == nullptr) continue;
      samples.push_back({LabelsOf(*version), number(version->queue->statistics().Read())});
    }
    return samples;
  };
}

std::vector<MetricSample> Failures(const ModelRegistry& models) {
  constexpr std::pair<CallFailure, const char*> kReasons[] = {{CallFailure::kRejected, "REJECTED"},
                                                              {CallFailure::kCanceled, "CANCELED"},
                                                              {CallFailure::kBackend, "BACKEND"},
                                                              {CallFailure::kOther, "OTHER"}};
  std::vector<MetricSample> samples;
  for (const ModelHandle& version : models.Serving()) {
    if (version->queue == nullptr) continue;
    const Totals totals = version->queue->statistics().Read();
    for (const auto& [reason, name] : kReasons) {
      MetricLabels labels = LabelsOf(*version);
      labels.emplace_back("reason", name);
      samples.push_back(
          {std::move(labels), static_cast<double>(totals.failures[static_cast<size_t>(reason)])});
    }
  }
  return samples;
}

}  // namespace

void VersionReport::RegisterTritonNames(MetricsRegistry& registry) const {
  const ModelRegistry& models = registry_;
  const auto add = [&](const char* name, const char* help, Number number) {
    registry.AddCounters(name, help, EachVersion(models, std::move(number)));
  };
  add("nv_inference_request_success", "Calls that were answered with a result.",
      [](const Totals& totals) { return static_cast<double>(totals.success.count); });
  registry.AddCounters("nv_inference_request_failure",
                       "Valid calls that ended without a result, by reason.",
                       [&models] { return Failures(models); });
  add("nv_inference_count", "Rows in calls that were answered with a result.",
      [](const Totals& totals) { return static_cast<double>(totals.rows); });
  add("nv_inference_exec_count", "Executions of the model, batches.",
      [](const Totals& totals) { return static_cast<double>(totals.executions); });
  add("nv_inference_request_duration_us",
      "Time from their arrival on of calls that were answered with a result.",
      [](const Totals& totals) { return Micros(totals.success.time); });
  add("nv_inference_queue_duration_us", "Time in the queue of calls that were computed.",
      [](const Totals& totals) { return Micros(totals.queued); });
  add("nv_inference_compute_input_duration_us",
      "Time in which the inputs of computed calls were gathered.",
      [](const Totals& totals) { return Micros(totals.compute.input); });
  add("nv_inference_compute_infer_duration_us", "Time in the model of computed calls.",
      [](const Totals& totals) { return Micros(totals.compute.infer); });
  add("nv_inference_compute_output_duration_us",
      "Time in which the outputs of computed calls were handed out.",
      [](const Totals& totals) { return Micros(totals.compute.output); });
  registry.AddGauges("nv_inference_pending_request_count", "Calls that wait for a worker.",
                     [this] { return WaitingJobs(); });
}

}  // namespace tournant
