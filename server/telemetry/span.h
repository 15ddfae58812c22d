#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "telemetry/trace_context.h"

namespace tournant {

enum class SpanKind { kInternal, kServer, kClient };

struct SpanAttribute {
  using Value = std::variant<std::string, int64_t, bool>;

  std::string key;
  Value value;
};

// One piece of work in a trace, once it has ended.
struct Span {
  TraceContext context;
  SpanId parent{};    // All zero: the first of its trace.
  std::string state;  // tracestate, as the caller sent it.
  std::string name;
  SpanKind kind = SpanKind::kInternal;
  WallTime start;
  WallTime end;
  std::vector<SpanAttribute> attributes;
  std::vector<TraceContext> links;
  bool failed = false;
  std::string error;  // Of one that has failed.
};

// Where spans go. Never blocks and never fails: what cannot be taken is dropped and counted. Any
// thread.
class SpanSink {
 public:
  virtual ~SpanSink() = default;
  virtual void Add(std::vector<Span> spans) = 0;
};

}  // namespace tournant
