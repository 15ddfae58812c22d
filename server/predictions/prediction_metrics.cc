#include "predictions/prediction_metrics.h"

#include <string>
#include <utility>
#include <vector>

namespace tournant {

void RegisterPredictionMetrics(const PredictionLog& log, MetricsRegistry& registry) {
  registry.AddCounter("tournant_predictions_enqueued_total",
                      "Predictions handed to the prediction log.",
                      [&log] { return static_cast<double>(log.counters().enqueued); });
  registry.AddCounters(
      "tournant_predictions_total", "Predictions saved or dropped, with the reason.", [&log] {
        const PredictionLogCounters now = log.counters();
        std::vector<MetricSample> samples = {
            {{{"outcome", "durable"}, {"reason", ""}}, static_cast<double>(now.durable)}};
        const std::pair<const char*, uint64_t> dropped[] = {{"full", now.dropped_full},
                                                            {"oversize", now.dropped_oversize},
                                                            {"serialize", now.dropped_serialize},
                                                            {"io", now.dropped_io},
                                                            {"shutdown", now.dropped_shutdown}};
        for (const auto& [reason, count] : dropped) {
          samples.push_back(
              {{{"outcome", "dropped"}, {"reason", reason}}, static_cast<double>(count)});
        }
        return samples;
      });
  registry.AddCounter("tournant_predictions_sampled_out_total",
                      "Answers that were not recorded because of their model's share.",
                      [&log] { return static_cast<double>(log.counters().sampled_out); });
  registry.AddCounter("tournant_prediction_places_refused_total",
                      "Calls that were not let in for want of a place in the prediction log.",
                      [&log] { return static_cast<double>(log.counters().refused); });
  registry.AddCounter("tournant_prediction_retries_total",
                      "Times that a record with a place had to be written again.",
                      [&log] { return static_cast<double>(log.counters().retries); });
  registry.AddGauge("tournant_prediction_places",
                    "Places in the prediction log that calls in flight hold.",
                    [&log] { return static_cast<double>(log.counters().places); });
  registry.AddGauge("tournant_predictions_in_memory", "Predictions that wait to be saved.",
                    [&log] { return static_cast<double>(log.counters().in_memory); });
  registry.AddGauge("tournant_predictions_in_memory_bytes", "Memory that those take.",
                    [&log] { return static_cast<double>(log.counters().in_memory_bytes); });
}

}  // namespace tournant
