#pragma once

#include "base/clock.h"
#include "telemetry/metrics_registry.h"

namespace tournant {

// What Prometheus' clients show of every process: CPU time, memory, descriptors, threads, start
// time. Read from /proc/self at each scrape; what cannot be read is left out.
void RegisterProcessMetrics(const Clock& clock, MetricsRegistry& registry);

}  // namespace tournant
