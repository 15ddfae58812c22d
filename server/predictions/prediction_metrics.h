#pragma once

#include "predictions/prediction_log.h"
#include "telemetry/metrics_registry.h"

namespace tournant {

// Registers the log's counters. `log` outlives the last scrape.
//   tournant_predictions_enqueued_total
//   tournant_predictions_total{outcome="durable" | "dropped", reason="" | "full" | "oversize" |
//                              "serialize" | "io" | "shutdown"}
//   tournant_predictions_in_memory, tournant_predictions_in_memory_bytes
void RegisterPredictionMetrics(const PredictionLog& log, MetricsRegistry& registry);

}  // namespace tournant
