#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "base/clock.h"
#include "base/phase.h"
#include "telemetry/log.h"
#include "telemetry/log_limiter.h"
#include "telemetry/trace_context.h"

namespace tournant {

// What a call's line says of it.
struct LoggedCall {
  absl::string_view method;
  absl::string_view request_id;
  absl::string_view model;
  int64_t version = 0;  // 0: it never came to one.
  int code = 0;         // google.rpc.Code that the caller got.
  absl::string_view error;
  std::optional<TraceContext> trace = std::nullopt;
  const std::function<std::string()>& peer;
};

// The lines about inference calls of one loop: of each status other than OK, and of calls slower
// than a limit, one a second, with how many were held back; at the level debug of every call. One
// for each loop, on its thread only.
class CallLog {
 public:
  // Whether OnEnd has something to say: nearly never. `slow`: how long a call that is answered may
  // take before it gets a line; zero: as long as it likes.
  static bool Wants(int code, Duration took, Duration slow) {
    return code != 0 || (slow > Duration::zero() && took >= slow) || LogEnabled(LogLevel::kDebug);
  }
  // `phase` has ended.
  void OnEnd(const LoggedCall& call, const CallPhase& phase, TimePoint now, Duration slow);

 private:
  static constexpr size_t kCodes = 17;

  std::array<std::optional<LogLimiter>, kCodes> limiters_;  // OK: of slow calls.
};

}  // namespace tournant
