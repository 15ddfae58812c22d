#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "telemetry/span.h"
#include "telemetry/trace_context.h"

namespace tournant {

// Decides which calls are traced, gives ids, and takes the spans. A caller who records his trace
// decides for us; of the calls without a trace so many are recorded as the sampling says, chosen by
// their trace ids, so that whoever sees the same id comes to the same end (OpenTelemetry's
// consistent sampling).
//
// Owned by main; outlives every call. Any thread, without locks.
class Tracer {
 public:
  struct Options {
    double sampling = 0;  // Of calls whose caller sent no trace, from 0 to 1.
    uint64_t seed = 0;    // Of the ids.
  };

  // `sink` outlives it.
  Tracer(SpanSink& sink, const Clock& clock, Options options);

  // The context of the call's first span: in the caller's trace if he records it, in a new one if
  // it is sampled. Nothing for a call that is not recorded.
  std::optional<TraceContext> Sample(const std::optional<TraceContext>& caller);

  // A trace of its own, for what no caller asked for by itself, such as a batch of several calls.
  TraceContext NewTrace();
  SpanId NewSpanId();
  TraceContext NewSpanIn(const TraceContext& parent);

  // The wall time of a moment that is not long ago.
  WallTime WallAt(TimePoint when) const;

  void Add(std::vector<Span> spans) { sink_.Add(std::move(spans)); }

  double sampling() const { return sampling_.load(std::memory_order_relaxed); }
  void set_sampling(double share) { sampling_.store(share, std::memory_order_relaxed); }

 private:
  uint64_t NextRandom();

  SpanSink& sink_;
  const Clock& clock_;
  std::atomic<double> sampling_;
  std::atomic<uint64_t> random_;
};

}  // namespace tournant
