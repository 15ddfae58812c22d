#include "features/breaker_client.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "features/fetch_outcome.h"
#include "telemetry/log.h"

namespace tournant {

// A call that was let through, which leaves however the fetch ends.
class BreakerClient::Visit {
 public:
  Visit(BreakerClient& client, const Clock& clock, TimePoint start, Breaker::Period period)
      : client_(client), clock_(clock), start_(start), period_(period) {}
  ~Visit() { client_.Leave(clock_.Now(), period_, verdict_); }
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;

  void Settle(const absl::Status& status) {
    verdict_ = client_.Judge(status, clock_.Now() - start_);
  }

 private:
  BreakerClient& client_;
  const Clock& clock_;
  const TimePoint start_;
  const Breaker::Period period_;
  Breaker::Verdict verdict_ = Breaker::Verdict::kNone;
};

BreakerClient::BreakerClient(std::string backend, FeatureClient& next, BreakerOptions options,
                             Duration slow_after, const LatencyTracker& tracker, uint64_t seed)
    : backend_(std::move(backend)),
      next_(next),
      slow_after_(slow_after),
      tracker_(tracker),
      rng_(seed),
      breaker_(options, rng_) {}

Task<absl::StatusOr<FetchedFeatures>> BreakerClient::Fetch(const CallContext& call,
                                                           const FetchRequest& request) {
  const TimePoint start = call.clock.Now();
  const std::optional<Breaker::Period> period = Enter(start);
  if (!period) {
    co_return NotAsked(
        absl::UnavailableError(absl::StrCat("feature store ", backend_, ": its breaker is open")));
  }
  Visit visit(*this, call.clock, start, *period);
  absl::StatusOr<FetchedFeatures> answer = co_await next_.Fetch(call, request);
  visit.Settle(answer.status());
  co_return answer;
}

Breaker::Verdict BreakerClient::Judge(const absl::Status& status, Duration took) const {
  switch (OutcomeOf(status, took, tracker_.p95())) {
    case FetchOutcome::kOk:
    case FetchOutcome::kError:
      return took > slow_after_ ? Breaker::Verdict::kSlow : Breaker::Verdict::kGood;
    case FetchOutcome::kUnavailable:
    case FetchOutcome::kTimedOut:
    case FetchOutcome::kExhausted:
      return Breaker::Verdict::kBad;
    case FetchOutcome::kHurried:
      // As long as nothing is known of good answers, no time is long enough.
      return tracker_.p50() > Duration::zero() && took >= tracker_.p50() ? Breaker::Verdict::kSilent
                                                                         : Breaker::Verdict::kNone;
    case FetchOutcome::kCancelled:
    case FetchOutcome::kNotAsked:
      break;
  }
  return Breaker::Verdict::kNone;
}

std::optional<Breaker::Period> BreakerClient::Enter(TimePoint now) {
  std::optional<Breaker::Period> period;
  BreakerState before;
  BreakerState after;
  {
    MutexLock lock(mutex_);
    before = breaker_.state();
    period = breaker_.Enter(now);
    if (!period) ++refused_;
    CountChange(before);
    after = breaker_.state();
  }
  LogChange(before, after);
  return period;
}

void BreakerClient::Leave(TimePoint now, Breaker::Period entered, Breaker::Verdict verdict) {
  BreakerState before;
  BreakerState after;
  {
    MutexLock lock(mutex_);
    before = breaker_.state();
    breaker_.Leave(now, entered, verdict);
    CountChange(before);
    after = breaker_.state();
  }
  LogChange(before, after);
}

void BreakerClient::CountChange(BreakerState before) {
  const BreakerState after = breaker_.state();
  if (after != before) ++transitions_[static_cast<size_t>(after)];
}

void BreakerClient::LogChange(BreakerState before, BreakerState after) const {
  if (before == after) return;
  const LogLevel level = after == BreakerState::kOpen ? LogLevel::kWarning : LogLevel::kInfo;
  Log(level, "the breaker of a feature store has changed",
      {{"backend", backend_}, {"from", BreakerStateName(before)}, {"to", BreakerStateName(after)}});
}

BreakerClient::Numbers BreakerClient::Read(TimePoint now) const {
  MutexLock lock(mutex_);
  return {breaker_.state(), breaker_.Allows(now), transitions_, refused_};
}

bool BreakerClient::Allows(TimePoint now) const {
  MutexLock lock(mutex_);
  return breaker_.Allows(now);
}

}  // namespace tournant
