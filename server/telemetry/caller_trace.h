#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "telemetry/trace_context.h"

namespace tournant {

// The trace that a caller belongs to, as his headers or metadata tell it.
struct CallerTrace {
  std::optional<TraceContext> context;  // Nothing: none.
  std::string state;                    // tracestate; empty without a context.
};

// Of all values of `traceparent` and of `tracestate` (W3C Trace Context). What is malformed counts
// as not sent, and so does a traceparent that is sent twice: a caller is not refused for it. A
// tracestate may come in several parts.
CallerTrace ReadCallerTrace(absl::Span<const absl::string_view> traceparents,
                            absl::Span<const absl::string_view> tracestates);

}  // namespace tournant
