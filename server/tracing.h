#pragma once

#include <optional>

#include "base/clock.h"
#include "config.h"
#include "telemetry/metrics_registry.h"
#include "telemetry/span_queue.h"
#include "telemetry/tracer.h"

namespace tournant {

// The tracer with its queue and the way to the collector, where --otlp_endpoint names one. Owned by
// main; outlives the calls, the workers and the metrics that read it.
class Tracing {
 public:
  Tracing(const Config& config, const Clock& clock);

  Tracer* tracer() { return tracer_ ? &*tracer_ : nullptr; }
  void RegisterWith(MetricsRegistry& metrics) const;

  // Sends what is left, for two seconds at most. When no call and no worker is left.
  void Close();

 private:
  std::optional<SpanQueue> spans_;
  std::optional<Tracer> tracer_;
};

}  // namespace tournant
