#pragma once

#include "telemetry/metrics_registry.h"
#include "telemetry/span_queue.h"

namespace tournant {

// tournant_spans_*: what became of the spans. `spans` outlives the registry's last Text.
void RegisterTraceMetrics(const SpanQueue& spans, MetricsRegistry& metrics);

}  // namespace tournant
