#include "features/limit_client.h"

#include "absl/strings/str_cat.h"
#include "features/fetch_outcome.h"

namespace tournant {
namespace {

AimdLimit::Sign SignOf(FetchOutcome outcome) {
  switch (outcome) {
    case FetchOutcome::kOk:
    case FetchOutcome::kError:
      return AimdLimit::Sign::kAnswered;
    case FetchOutcome::kTimedOut:
    case FetchOutcome::kExhausted:
      return AimdLimit::Sign::kOverloaded;
    default:
      return AimdLimit::Sign::kNone;
  }
}

}  // namespace

// A place among the calls in flight, given back however the fetch ends.
class LimitClient::Place {
 public:
  Place(LimitClient& client, const Clock& clock)
      : client_(client), clock_(clock), entered_(clock.Now()) {}
  ~Place() { client_.Leave(entered_, clock_.Now(), sign_); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  void Settle(const absl::Status& status) {
    sign_ = SignOf(OutcomeOf(status, clock_.Now() - entered_, client_.tracker_.p95()));
  }

 private:
  LimitClient& client_;
  const Clock& clock_;
  const TimePoint entered_;
  AimdLimit::Sign sign_ = AimdLimit::Sign::kNone;
};

Task<absl::StatusOr<FetchedFeatures>> LimitClient::Fetch(const CallContext& call,
                                                         const FetchRequest& request) {
  if (!Enter()) {
    co_return NotAsked(absl::ResourceExhaustedError(
        absl::StrCat("feature store ", backend_, ": too many calls are in flight")));
  }
  Place place(*this, call.clock);
  absl::StatusOr<FetchedFeatures> answer = co_await next_.Fetch(call, request);
  place.Settle(answer.status());
  co_return answer;
}

bool LimitClient::Enter() {
  MutexLock lock(mutex_);
  if (limit_.Enter()) return true;
  ++refused_;
  return false;
}

void LimitClient::Leave(TimePoint entered, TimePoint now, AimdLimit::Sign sign) {
  MutexLock lock(mutex_);
  limit_.Leave(entered, now, sign);
}

LimitClient::Numbers LimitClient::Read() const {
  MutexLock lock(mutex_);
  return {limit_.in_flight(), limit_.limit(), refused_};
}

}  // namespace tournant
