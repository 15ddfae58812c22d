#include "telemetry/tracer.h"

namespace tournant {
namespace {

void Store(uint64_t value, uint8_t* bytes) {
  for (int i = 7; i >= 0; --i, value >>= 8) bytes[i] = static_cast<uint8_t>(value);
}

// The last 7 bytes of the id as a number: what OpenTelemetry samples by.
uint64_t RandomnessOf(const TraceId& id) {
  uint64_t value = 0;
  for (size_t i = 9; i < id.size(); ++i) value = (value << 8) | id[i];
  return value;
}

bool InSample(const TraceId& id, double share) {
  constexpr uint64_t kAll = uint64_t{1} << 56;
  if (share >= 1) return true;
  return RandomnessOf(id) >= kAll - static_cast<uint64_t>(share * static_cast<double>(kAll));
}

}  // namespace

Tracer::Tracer(SpanSink& sink, const Clock& clock, Options options)
    : sink_(sink), clock_(clock), sampling_(options.sampling), random_(options.seed) {}

std::optional<TraceContext> Tracer::Sample(const std::optional<TraceContext>& caller) {
  if (caller) {
    if (!caller->sampled) return std::nullopt;
    return NewSpanIn(*caller);
  }
  const double share = sampling();
  if (share <= 0) return std::nullopt;
  TraceContext context = NewTrace();
  if (!InSample(context.trace_id, share)) return std::nullopt;
  return context;
}

TraceContext Tracer::NewTrace() {
  TraceContext context;
  Store(NextRandom(), context.trace_id.data());
  Store(NextRandom(), context.trace_id.data() + 8);
  context.span_id = NewSpanId();
  context.sampled = true;
  context.random = true;
  return context;
}

SpanId Tracer::NewSpanId() {
  SpanId id;
  Store(NextRandom(), id.data());
  return id;
}

TraceContext Tracer::NewSpanIn(const TraceContext& parent) {
  TraceContext context = parent;
  context.span_id = NewSpanId();
  return context;
}

WallTime Tracer::WallAt(TimePoint when) const {
  return clock_.WallNow() + std::chrono::duration_cast<WallTime::duration>(when - clock_.Now());
}

// SplitMix64: one addition that threads share, and none of its numbers comes twice. An id must not
// be zero.
uint64_t Tracer::NextRandom() {
  for (;;) {
    constexpr uint64_t kGolden = 0x9e3779b97f4a7c15;
    uint64_t mixed = random_.fetch_add(kGolden, std::memory_order_relaxed) + kGolden;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    mixed ^= mixed >> 31;
    if (mixed != 0) return mixed;
  }
}

}  // namespace tournant
