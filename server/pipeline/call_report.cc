#include "pipeline/call_report.h"

#include <string>

#include "pipeline/call_end.h"
#include "pipeline/shown_id.h"

namespace tournant {
namespace {

int64_t VersionOf(const Prediction& prediction) {
  return prediction.version == nullptr ? 0 : prediction.version->version;
}

void EndTrace(const EndedCall& call) {
  const std::string id = ShownId(call.prediction);
  const std::string code = absl::StatusCodeToString(static_cast<absl::StatusCode>(call.code));
  call.trace->End(call.phase, call.ended,
                  {.method = call.method,
                   .http = call.http,
                   .request_id = id,
                   .model = call.prediction.request.model,
                   .version = VersionOf(call.prediction),
                   .code = code,
                   .failed = !call.status.ok(),
                   .error = call.status.message(),
                   .batch = call.prediction.batch});
}

void WriteLine(const EndedCall& call, CallLog& log, Duration slow) {
  const std::string id = ShownId(call.prediction);
  LoggedCall line{.method = call.method,
                  .request_id = id,
                  .model = call.prediction.request.model,
                  .version = VersionOf(call.prediction),
                  .code = call.code,
                  .error = call.status.message(),
                  .peer = call.prediction.request.peer};
  if (call.trace != nullptr) line.trace = call.trace->context();
  log.OnEnd(line, call.phase, call.ended, slow);
}

}  // namespace

void ReportCall(const EndedCall& call, CallMetrics& metrics, CallLog& log, Duration slow) {
  if (!call.status.ok()) metrics.OnStopped(EndPhaseOf(call.status), call.stage);
  if (call.trace != nullptr) EndTrace(call);
  if (CallLog::Wants(call.code, call.ended - call.phase.accepted_at(), slow)) {
    WriteLine(call, log, slow);
  }
  const Prediction& prediction = call.prediction;
  if (prediction.version == nullptr) return;
  metrics.OnPrediction(prediction.version->name, call.code);
  if (prediction.has_features && call.status.ok()) metrics.OnFeatures(prediction.features);
}

}  // namespace tournant
