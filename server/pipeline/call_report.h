#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "base/clock.h"
#include "base/phase.h"
#include "pipeline/call_log.h"
#include "pipeline/prediction.h"
#include "telemetry/call_metrics.h"
#include "telemetry/call_trace.h"

namespace tournant {

// A call for a prediction that has ended, whichever way it came.
struct EndedCall {
  absl::string_view method;  // As CallTrace::Summary has it.
  bool http = false;
  const Prediction& prediction;  // Not recorded yet.
  const CallPhase& phase;        // Has ended, at `ended`.
  TimePoint ended;
  Phase stage;  // How far it had come when its status was known.
  const absl::Status& status;
  int code = 0;                // The google.rpc.Code that the caller got.
  CallTrace* trace = nullptr;  // Null: it has none.
};

// Tells all who watch calls of its end: figures, spans, and the log, where answered calls have a
// line from `slow` on. Once a call, on its loop, as `metrics` and `log` are.
void ReportCall(const EndedCall& call, CallMetrics& metrics, CallLog& log, Duration slow);

}  // namespace tournant
