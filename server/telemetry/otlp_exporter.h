#pragma once

#include <memory>
#include <string>

#include "telemetry/otlp_encode.h"
#include "telemetry/span_exporter.h"

namespace tournant {

// Sends spans to an OpenTelemetry collector by OTLP over gRPC, without encryption. Connects when
// there is something to send; a collector that is down is no reason not to start.
//
// Owned by a SpanQueue.
class OtlpExporter final : public SpanExporter {
 public:
  // `endpoint` is HOST:PORT.
  OtlpExporter(const std::string& endpoint, OtlpResource resource);
  ~OtlpExporter() override;

  absl::StatusOr<int64_t> Export(const std::vector<Span>& spans, Duration timeout) override;
  void Cancel() override;

 private:
  struct Connection;

  const OtlpResource resource_;
  const std::unique_ptr<Connection> connection_;
};

}  // namespace tournant
