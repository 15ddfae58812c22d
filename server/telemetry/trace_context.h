#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace tournant {

using TraceId = std::array<uint8_t, 16>;
using SpanId = std::array<uint8_t, 8>;  // All zero: none.

// Which span of which trace: what W3C Trace Context calls traceparent.
struct TraceContext {
  TraceId trace_id{};
  SpanId span_id{};
  bool sampled = false;  // Someone before us records this trace.
  bool random = false;   // Its id is said to be random in its last 7 bytes (level 2).

  friend bool operator==(const TraceContext&, const TraceContext&) = default;
};

// Of a traceparent header. Nothing where it is not exactly what the standard says: lower-case hex,
// ids that are not zero, 55 characters in version 00; later versions may have more behind a dash.
std::optional<TraceContext> ParseTraceparent(absl::string_view text);

// "00-<trace id>-<span id>-<flags>".
std::string FormatTraceparent(const TraceContext& context);

// Whether it may be passed on: at most 32 members `key=value` of the characters that the standard
// allows, and 512 bytes, as many as everybody has to take.
bool IsTracestate(absl::string_view text);

// Lower-case hex, as logs and records show ids.
std::string HexText(const TraceId& id);
std::string HexText(const SpanId& id);

}  // namespace tournant
