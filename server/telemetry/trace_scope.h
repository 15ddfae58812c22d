#pragma once

#include <optional>
#include <string>
#include <vector>

#include "telemetry/trace_context.h"

namespace tournant {

class Tracer;

// What a call passes down to the steps that make spans of their own or call others. Lives in the
// call's frame; what outlives the call, such as a fetch that several share, keeps a copy.
struct TraceScope {
  Tracer* tracer = nullptr;  // Null: nothing is recorded, and `parent` is what the caller sent.
  TraceContext parent;       // Of a fetch of features.
  TraceContext compute;      // What the span of a batch links to; only where spans are recorded.
  std::string state;         // tracestate, to be passed on.

  std::vector<TraceContext> others;  // Parents in other calls that share what is done.

  bool recorded() const { return tracer != nullptr; }
};

// Adds the trace of one more call, or of none, to what several calls share: it hangs on the first
// one that is recorded and links to the others.
inline void ShareTrace(const TraceScope* trace, std::optional<TraceScope>& shared) {
  constexpr size_t kMostLinks = 32;
  if (trace == nullptr) return;
  if (!shared || (trace->recorded() && !shared->recorded())) {
    shared = *trace;
  } else if (trace->recorded() && shared->others.size() < kMostLinks) {
    shared->others.push_back(trace->parent);
  }
}

}  // namespace tournant
