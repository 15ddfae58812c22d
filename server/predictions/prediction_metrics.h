#pragma once

#include <functional>

#include "predictions/log_counters.h"
#include "predictions/prediction_log.h"
#include "telemetry/metrics_registry.h"

namespace tournant {

// Registers the log's counters: all of a scrape are those of one moment. `log` outlives the last
// scrape.
//   tournant_predictions_enqueued_total
//   tournant_predictions_total{outcome="durable" | "dropped", reason="" | "full" | "oversize" |
//                              "serialize" | "io" | "shutdown"}
//   tournant_predictions_in_memory, tournant_predictions_in_memory_bytes
//   tournant_predictions_sampled_out_total
//   tournant_prediction_places, tournant_prediction_places_refused_total
//   tournant_prediction_retries_total
void RegisterPredictionMetrics(const PredictionLog& log, MetricsRegistry& registry);

// The same of whatever has such counters; `read` is called once a scrape.
void RegisterPredictionMetrics(std::function<PredictionLogCounters()> read,
                               MetricsRegistry& registry);

}  // namespace tournant
