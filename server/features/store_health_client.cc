#include "features/store_health_client.h"

#include "features/fetch_outcome.h"

namespace tournant {

Task<absl::StatusOr<FetchedFeatures>> StoreHealthClient::Fetch(const CallContext& call,
                                                               const FetchRequest& request) {
  const TimePoint start = call.clock.Now();
  absl::StatusOr<FetchedFeatures> answer = co_await next_.Fetch(call, request);
  const TimePoint now = call.clock.Now();
  bool failed = false;
  switch (OutcomeOf(answer.status(), now - start, latency_.p95())) {
    // What the store says about a request is no fault of it: one model's wrong bindings must not
    // take the features of all others.
    case FetchOutcome::kOk:
    case FetchOutcome::kError:
      break;
    case FetchOutcome::kUnavailable:
    case FetchOutcome::kTimedOut:
    case FetchOutcome::kExhausted:
    case FetchOutcome::kNotAsked:
      failed = true;
      break;
    // Who goes away, or never had the time, says nothing.
    case FetchOutcome::kHurried:
    case FetchOutcome::kCancelled:
      co_return answer;
  }
  MutexLock lock(mutex_);
  window_.Count(now, failed, false);
  co_return answer;
}

void StoreHealthClient::Tell(TimePoint now, StoreHealth& health) const {
  MutexLock lock(mutex_);
  const CallWindow::Counts recent = window_.Recent(now);
  health.fetches = recent.calls;
  health.error_rate =
      recent.calls == 0 ? 0 : static_cast<double>(recent.bad) / static_cast<double>(recent.calls);
}

}  // namespace tournant
