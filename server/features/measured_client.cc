#include "features/measured_client.h"

#include <chrono>
#include <optional>

#include "base/status.h"
#include "telemetry/log.h"

namespace tournant {
namespace {

// What an operator wants to hear of; callers who leave or hurry are no fault of the store.
bool IsFault(FetchOutcome outcome) {
  switch (outcome) {
    case FetchOutcome::kError:
    case FetchOutcome::kUnavailable:
    case FetchOutcome::kTimedOut:
    case FetchOutcome::kExhausted:
      return true;
    default:
      return false;
  }
}

}  // namespace

Task<absl::StatusOr<FetchedFeatures>> MeasuredClient::Fetch(const CallContext& call,
                                                            const FetchRequest& request) {
  const TimePoint start = call.clock.Now();
  absl::StatusOr<FetchedFeatures> answer = co_await next_.Fetch(call, request);
  const TimePoint now = call.clock.Now();
  Record(answer.status(), now - start, request.rows, now);
  co_return answer;
}

void MeasuredClient::Record(const absl::Status& status, Duration took, int64_t rows,
                            TimePoint now) {
  const FetchOutcome outcome = OutcomeOf(status, took, tracker_.p95());
  if (outcome == FetchOutcome::kOk) tracker_.Record(took);
  std::optional<int64_t> others;
  {
    MutexLock lock(mutex_);
    ++outcomes_[static_cast<size_t>(outcome)];
    latency_.Record(took);
    rows_.Record(static_cast<uint64_t>(rows));
    if (IsFault(outcome)) others = log_limiters_[static_cast<size_t>(outcome)].Pass(now);
  }
  if (!others) return;
  Log(LogLevel::kWarning, "a fetch of features failed",
      {{"backend", backend_},
       {"outcome", FetchOutcomeName(outcome)},
       {"error", Quote(status.message(), 256)},
       {"took_ms", std::chrono::duration<double, std::milli>(took).count()},
       {"others_since_last_line", *others}});
}

MeasuredClient::Numbers MeasuredClient::Read() const {
  Numbers numbers;
  numbers.latency = latency_.Read();
  numbers.rows = rows_.Read();
  MutexLock lock(mutex_);
  numbers.outcomes = outcomes_;
  return numbers;
}

}  // namespace tournant
