#pragma once

#include <grpcpp/server_context.h>

#include <memory>

#include "telemetry/call_trace.h"

namespace tournant {

// The trace of a call by its metadata: `traceparent` and `tracestate` of W3C Trace Context. Null
// for a call that has none and is not sampled. What is malformed, or sent twice, counts as not
// sent: a caller is not refused for it. `tracer` may be null.
std::unique_ptr<CallTrace> StartCallTrace(Tracer* tracer, const grpc::ServerContext& context);

}  // namespace tournant
