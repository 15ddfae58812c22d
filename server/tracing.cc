#include "tracing.h"

#include <unistd.h>

#include <chrono>
#include <memory>
#include <string>

#include "base/rng.h"
#include "telemetry/otlp_exporter.h"
#include "telemetry/trace_metrics.h"

namespace tournant {
namespace {

constexpr std::chrono::seconds kFlushBudget{2};

OtlpResource Resource() {
  char host[256] = "";
  gethostname(host, sizeof(host) - 1);
  return {{"service.name", std::string("tournant-server")},
          {"service.version", std::string(TOURNANT_VERSION)},
          {"host.name", std::string(host)},
          {"process.pid", static_cast<int64_t>(getpid())}};
}

}  // namespace

Tracing::Tracing(const Config& config, const Clock& clock) {
  if (config.otlp_endpoint.empty()) return;
  spans_.emplace(std::make_unique<OtlpExporter>(config.otlp_endpoint, Resource()));
  tracer_.emplace(*spans_, clock,
                  Tracer::Options{.sampling = config.trace_sampling, .seed = RandomSeed()});
}

void Tracing::RegisterWith(MetricsRegistry& metrics) const {
  if (spans_) RegisterTraceMetrics(*spans_, metrics);
}

void Tracing::Close() {
  if (spans_) spans_->Close(kFlushBudget);
}

}  // namespace tournant
