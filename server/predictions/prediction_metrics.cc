#include "predictions/prediction_metrics.h"

#include <string>
#include <utility>
#include <vector>

namespace tournant {
namespace {

std::vector<MetricSample> One(uint64_t value) { return {{{}, static_cast<double>(value)}}; }

std::vector<MetricSample> Outcomes(const PredictionLogCounters& now) {
  std::vector<MetricSample> samples = {
      {{{"outcome", "durable"}, {"reason", ""}}, static_cast<double>(now.durable)}};
  const std::pair<const char*, uint64_t> dropped[] = {{"full", now.dropped_full},
                                                      {"oversize", now.dropped_oversize},
                                                      {"serialize", now.dropped_serialize},
                                                      {"io", now.dropped_io},
                                                      {"shutdown", now.dropped_shutdown}};
  for (const auto& [reason, count] : dropped) {
    samples.push_back({{{"outcome", "dropped"}, {"reason", reason}}, static_cast<double>(count)});
  }
  return samples;
}

std::vector<MetricSamples> Metrics(const PredictionLogCounters& now) {
  constexpr auto kCounter = MetricKind::kCounter;
  constexpr auto kGauge = MetricKind::kGauge;
  return {
      {kCounter, "tournant_predictions_enqueued_total", "Predictions handed to the prediction log.",
       One(now.enqueued)},
      {kCounter, "tournant_predictions_total", "Predictions saved or dropped, with the reason.",
       Outcomes(now)},
      {kCounter, "tournant_predictions_sampled_out_total",
       "Answers that were not recorded because of their model's share.", One(now.sampled_out)},
      {kCounter, "tournant_prediction_places_refused_total",
       "Calls that were not let in for want of a place in the prediction log.", One(now.refused)},
      {kCounter, "tournant_prediction_retries_total",
       "Times that a record with a place had to be written again.", One(now.retries)},
      {kGauge, "tournant_prediction_places",
       "Places in the prediction log that calls in flight hold.", One(now.places)},
      {kGauge, "tournant_predictions_in_memory", "Predictions that wait to be saved.",
       One(now.in_memory)},
      {kGauge, "tournant_predictions_in_memory_bytes", "Memory that those take.",
       One(now.in_memory_bytes)},
  };
}

}  // namespace

void RegisterPredictionMetrics(const PredictionLog& log, MetricsRegistry& registry) {
  RegisterPredictionMetrics([&log] { return log.counters(); }, registry);
}

void RegisterPredictionMetrics(std::function<PredictionLogCounters()> read,
                               MetricsRegistry& registry) {
  registry.AddTogether([read = std::move(read)] { return Metrics(read()); });
}

}  // namespace tournant
