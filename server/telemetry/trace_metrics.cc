#include "telemetry/trace_metrics.h"

#include <string>
#include <vector>

namespace tournant {

void RegisterTraceMetrics(const SpanQueue& spans, MetricsRegistry& metrics) {
  metrics.AddCounter("tournant_spans_exported_total", "Spans that the trace collector has taken.",
                     [&spans] { return static_cast<double>(spans.exported()); });
  metrics.AddCounters("tournant_spans_dropped_total", "Spans that nobody will see, by reason.",
                      [&spans] {
                        std::vector<MetricSample> samples;
                        for (size_t i = 0; i < SpanQueue::kReasons; ++i) {
                          const auto reason = static_cast<SpanQueue::Dropped>(i);
                          samples.push_back({{{"reason", std::string(SpanQueue::ReasonName(i))}},
                                             static_cast<double>(spans.dropped(reason))});
                        }
                        return samples;
                      });
  metrics.AddCounter("tournant_span_export_failures_total",
                     "Calls to the trace collector that failed.",
                     [&spans] { return static_cast<double>(spans.failures()); });
  metrics.AddGauge("tournant_spans_waiting", "Spans that are not out yet.",
                   [&spans] { return static_cast<double>(spans.waiting()); });
}

}  // namespace tournant
