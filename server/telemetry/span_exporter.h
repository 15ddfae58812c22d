#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "telemetry/span.h"

namespace tournant {

// The way to a collector.
class SpanExporter {
 public:
  virtual ~SpanExporter() = default;

  // Sends them and waits for the answer, which takes no longer than `timeout`: how many of them the
  // collector has refused. An error: none has arrived. One thread.
  virtual absl::StatusOr<int64_t> Export(const std::vector<Span>& spans, Duration timeout) = 0;

  // Ends the Export that is going on and all that come later with CANCELLED. Any thread.
  virtual void Cancel() = 0;
};

// Whether the same spans may be taken another time: the codes that OTLP names for it.
bool MayExportAgain(const absl::Status& status);

// How long to wait after so many failures in a row, one or more: twice as long each time.
struct ExportBackoff {
  std::chrono::milliseconds first{1000};
  std::chrono::milliseconds longest{30000};

  std::chrono::milliseconds After(int failures) const;
};

}  // namespace tournant
