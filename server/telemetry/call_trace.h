#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "base/phase.h"
#include "telemetry/trace_context.h"
#include "telemetry/trace_scope.h"
#include "telemetry/tracer.h"

namespace tournant {

// The trace of one call: its span as a server and one below it for each step. What is not recorded
// is still passed on, to the feature store and into the record. Lives in the call's frame, on its
// loop only.
//
//   Recv.inference.GRPCInferenceService.ModelInfer     the call; over HTTP its method and route
//     admission   Accepted and Validating: decode, check, let in
//     features    AwaitingFeatures; the call of the store is below it
//     queue       Queued
//     compute     Computing; links to the span of the batch
//     respond     Responding: encode and send
class CallTrace {
 public:
  // What a call had to do with, known at its end. Texts are cut.
  struct Summary {
    // "inference.GRPCInferenceService/ModelInfer"; of a call over HTTP its method and route, with a
    // space between them.
    absl::string_view method;
    bool http = false;
    absl::string_view request_id = {};
    absl::string_view model = {};
    int64_t version = 0;           // 0: it never came to one.
    absl::string_view code;        // "OK": gRPC's name of the status that the caller got.
    bool failed = false;           // It was no answer.
    absl::string_view error = {};  // Its message.
    std::optional<TraceContext> batch = std::nullopt;  // The span of the batch that computed it.
  };

  // Null for a call that has nothing to record and nothing to pass on: nearly all of them. `tracer`
  // may be null. `state` is a valid tracestate, or empty.
  static std::unique_ptr<CallTrace> Start(Tracer* tracer, const std::optional<TraceContext>& caller,
                                          std::string state);

  const TraceScope& scope() const { return scope_; }
  // Under which the call ran, for its record and its log lines: its own span, or the caller's.
  const TraceContext& context() const { return context_; }

  // Hands out the spans, if any. Once; `phase` has ended at `ended`.
  void End(const CallPhase& phase, TimePoint ended, const Summary& summary);

 private:
  enum Step : size_t { kAdmission, kFeatures, kQueue, kCompute, kRespond, kSteps };

  CallTrace(const std::optional<TraceContext>& caller, std::string state);

  TraceContext context_;
  SpanId caller_{};
  TraceScope scope_;
  std::array<SpanId, kSteps> steps_{};
};

}  // namespace tournant
