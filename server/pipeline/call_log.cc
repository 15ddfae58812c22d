#include "pipeline/call_log.h"

#include <chrono>

#include "absl/status/status.h"
#include "base/status.h"

namespace tournant {
namespace {

double Milliseconds(Duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

// Whether somebody here should look into it; the others are the caller's doing or his hurry.
bool IsOurs(int code) {
  switch (static_cast<absl::StatusCode>(code)) {
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDataLoss:
      return true;
    default:
      return false;
  }
}

void Write(LogLevel level, absl::string_view message, const LoggedCall& call,
           const CallPhase& phase, TimePoint now, int64_t others) {
  Log(level, message,
      {{"trace_id", call.trace ? HexText(call.trace->trace_id) : ""},
       {"request_id", Quote(call.request_id)},
       {"peer", call.peer ? Quote(call.peer()) : ""},
       {"method", call.method},
       {"model", Quote(call.model)},
       {"version", call.version},
       {"code", absl::StatusCodeToString(static_cast<absl::StatusCode>(call.code))},
       {"error", Quote(call.error, 512)},
       {"ms", Milliseconds(now - phase.accepted_at())},
       {"ms_features", Milliseconds(phase.spent(Phase::kAwaitingFeatures))},
       {"ms_queue", Milliseconds(phase.spent(Phase::kQueued))},
       {"ms_compute", Milliseconds(phase.spent(Phase::kComputing))},
       {"others_since_last_line", others}});
}

}  // namespace

void CallLog::OnEnd(const LoggedCall& call, const CallPhase& phase, TimePoint now, Duration slow) {
  const bool failed = call.code != 0;
  if (!failed && (slow == Duration::zero() || now - phase.accepted_at() < slow)) {
    if (LogEnabled(LogLevel::kDebug)) {
      Write(LogLevel::kDebug, "a call was answered", call, phase, now, 0);
    }
    return;
  }
  const auto code = static_cast<size_t>(call.code);
  std::optional<LogLimiter>& limiter = limiters_[code < kCodes ? code : kCodes - 1];
  if (!limiter) limiter.emplace(std::chrono::seconds(1));
  const std::optional<int64_t> others = limiter->Pass(now);
  if (!others) return;
  if (failed) {
    Write(IsOurs(call.code) ? LogLevel::kWarning : LogLevel::kInfo, "a call failed", call, phase,
          now, *others);
  } else {
    Write(LogLevel::kInfo, "a call was slow", call, phase, now, *others);
  }
}

}  // namespace tournant
