#include "telemetry/caller_trace.h"

#include "absl/strings/str_join.h"

namespace tournant {

CallerTrace ReadCallerTrace(absl::Span<const absl::string_view> traceparents,
                            absl::Span<const absl::string_view> tracestates) {
  CallerTrace caller;
  if (traceparents.size() == 1) caller.context = ParseTraceparent(traceparents[0]);
  if (!caller.context) return caller;
  std::string state = absl::StrJoin(tracestates, ",");
  if (IsTracestate(state)) caller.state = std::move(state);
  return caller;
}

}  // namespace tournant
