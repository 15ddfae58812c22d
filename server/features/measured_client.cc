#include "features/measured_client.h"

namespace tournant {

Task<absl::StatusOr<FetchedFeatures>> MeasuredClient::Fetch(const CallContext& call,
                                                            const FetchRequest& request) {
  const TimePoint start = call.clock.Now();
  absl::StatusOr<FetchedFeatures> answer = co_await next_.Fetch(call, request);
  Record(answer.status(), call.clock.Now() - start, request.rows);
  co_return answer;
}

void MeasuredClient::Record(const absl::Status& status, Duration took, int64_t rows) {
  const FetchOutcome outcome = OutcomeOf(status, took, tracker_.p95());
  if (outcome == FetchOutcome::kOk) tracker_.Record(took);
  MutexLock lock(mutex_);
  ++outcomes_[static_cast<size_t>(outcome)];
  latency_.Record(took);
  rows_.Record(static_cast<uint64_t>(rows));
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
