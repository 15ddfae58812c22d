#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "base/call_context.h"
#include "telemetry/trace_scope.h"

namespace tournant {

// One RPC of ours to another server, made for a call that has a trace: a span named as gRPC names
// it (proposal A72), Sent.<service>.<method>, if the call is recorded. In the frame that makes the
// RPC, on the call's loop.
class ClientSpan {
 public:
  // `call` has a trace. `method` is a path: "/feast.serving.ServingService/GetOnlineFeatures".
  ClientSpan(const CallContext& call, absl::string_view method);

  // What the other server is told: this span, or the caller's where nothing is recorded.
  std::string traceparent() const { return FormatTraceparent(context_); }
  const std::string& tracestate() const { return scope_.state; }

  // Once the RPC has ended, for so many rows.
  void End(absl::StatusCode code, int64_t rows);

 private:
  const Clock& clock_;
  const TraceScope& scope_;
  const std::string method_;
  const TimePoint started_;
  TraceContext context_;
};

}  // namespace tournant
