// The small policies of the feature client's layers.
#include "fakes/manual_clock.h"
#include "features/aimd_limit.h"
#include "features/choose_backend.h"
#include "features/fetch_outcome.h"
#include "features/hedge_policy.h"
#include "features/retry_policy.h"
#include "features/token_budget.h"
#include "gtest/gtest.h"
#include "telemetry/latency_tracker.h"

namespace tournant {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(FetchOutcome, OnlyTroubleOnTheWaySpeaksAgainstTheBackend) {
  const auto of = [](const absl::Status& status) {
    return OutcomeOf(status, milliseconds(5), milliseconds(2));
  };
  EXPECT_EQ(of(absl::OkStatus()), FetchOutcome::kOk);
  EXPECT_EQ(of(absl::UnavailableError("")), FetchOutcome::kUnavailable);
  EXPECT_EQ(of(absl::ResourceExhaustedError("")), FetchOutcome::kExhausted);
  EXPECT_EQ(of(absl::DeadlineExceededError("")), FetchOutcome::kTimedOut);
  EXPECT_EQ(of(absl::CancelledError("")), FetchOutcome::kCancelled);
  for (const absl::Status& word :
       {absl::UnknownError(""), absl::InvalidArgumentError(""), absl::InternalError(""),
        absl::NotFoundError(""), absl::UnimplementedError("")}) {
    EXPECT_EQ(of(word), FetchOutcome::kError);
  }
  EXPECT_EQ(of(NotAsked(absl::UnavailableError(""))), FetchOutcome::kNotAsked);
}

TEST(FetchOutcome, ATimeOutTellsNothingIfTheBackendUsuallyTakesLonger) {
  const absl::Status late = absl::DeadlineExceededError("");
  EXPECT_EQ(OutcomeOf(late, milliseconds(1), milliseconds(2)), FetchOutcome::kHurried);
  EXPECT_EQ(OutcomeOf(late, milliseconds(2), milliseconds(2)), FetchOutcome::kTimedOut);
  EXPECT_EQ(OutcomeOf(late, milliseconds(1), milliseconds(0)), FetchOutcome::kTimedOut);
  EXPECT_EQ(OutcomeOf(late, std::chrono::microseconds(999), milliseconds(0)),
            FetchOutcome::kHurried);
}

TEST(FetchOutcome, PushbackIsReadAsGrpcDefinesIt) {
  EXPECT_TRUE(ParsePushback("0").retry);
  EXPECT_EQ(ParsePushback("250").wait, milliseconds(250));
  for (const char* no : {"-1", "", "soon", "1.5", "99999999999999999999"}) {
    EXPECT_FALSE(ParsePushback(no).retry) << no;
  }
  EXPECT_FALSE(PushbackOf(absl::UnavailableError("")));
  const auto pushback =
      PushbackOf(WithPushback(absl::UnavailableError(""), {true, milliseconds(7)}));
  ASSERT_TRUE(pushback);
  EXPECT_EQ(pushback->wait, milliseconds(7));
  EXPECT_FALSE(PushbackOf(WithPushback(absl::UnavailableError(""), {}))->retry);
}

TEST(AimdLimit, BeginsAtItsTopAndRefusesBeyondIt) {
  AimdLimit limit({.most = 3, .least = 1});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(limit.Enter());
  EXPECT_FALSE(limit.Enter());
  EXPECT_EQ(limit.in_flight(), 3);
  limit.Leave(TimePoint(), TimePoint(), AimdLimit::Sign::kNone);
  EXPECT_TRUE(limit.Enter());
}

TEST(AimdLimit, IsCutOnceForAllCallsThatMetTheSameOverload) {
  ManualClock clock;
  AimdLimit limit({.most = 100, .least = 10, .backoff = 0.5});
  const TimePoint entered = clock.Now();
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(limit.Enter());
  clock.Advance(milliseconds(50));
  for (int i = 0; i < 50; ++i) limit.Leave(entered, clock.Now(), AimdLimit::Sign::kOverloaded);
  EXPECT_EQ(limit.limit(), 50);
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(limit.Enter());
    clock.Advance(milliseconds(50));
    limit.Leave(clock.Now(), clock.Now(), AimdLimit::Sign::kOverloaded);
  }
  EXPECT_EQ(limit.limit(), 10) << "never below the least";
}

TEST(AimdLimit, GrowsByOneForEachAnswerWhileItIsWhatHoldsUsBack) {
  AimdLimit limit({.most = 40, .least = 10, .backoff = 0.25});
  limit.Enter();
  limit.Leave(TimePoint(), TimePoint(), AimdLimit::Sign::kOverloaded);
  ASSERT_EQ(limit.limit(), 10);
  // One at a time does not need a higher one.
  for (int i = 0; i < 20; ++i) {
    limit.Enter();
    limit.Leave(TimePoint(), TimePoint(), AimdLimit::Sign::kAnswered);
  }
  EXPECT_EQ(limit.limit(), 10);
  for (int round = 0; round < 20; ++round) {
    int entered = 0;
    while (limit.Enter()) ++entered;
    while (entered-- > 0) limit.Leave(TimePoint(), TimePoint(), AimdLimit::Sign::kAnswered);
  }
  EXPECT_EQ(limit.limit(), 40) << "never above the most";
}

TEST(TokenBudget, AllowsAShareOfTheCallsAndNoMore) {
  TokenBudget budget({.per_call = 0.05, .most = 10, .at_start = 0});
  int extra = 0;
  for (int i = 0; i < 1000; ++i) {
    budget.Earn();
    if (budget.Spend()) ++extra;
  }
  EXPECT_EQ(extra, 50);
}

TEST(TokenBudget, SavesUpToItsMost) {
  TokenBudget budget({.per_call = 0.1, .most = 2, .at_start = 2});
  for (int i = 0; i < 1000; ++i) budget.Earn();
  EXPECT_EQ(budget.tokens(), 2);
  EXPECT_TRUE(budget.Spend());
  EXPECT_TRUE(budget.Spend());
  EXPECT_FALSE(budget.Spend());
}

TEST(LatencyTracker, KnowsNothingUntilItHasSeenEnough) {
  LatencyTracker tracker;
  for (int i = 0; i < 19; ++i) tracker.Record(milliseconds(1));
  EXPECT_EQ(tracker.p95(), Duration::zero());
  tracker.Record(milliseconds(1));
  EXPECT_GE(tracker.p95(), milliseconds(1));
  EXPECT_LE(tracker.p95(), std::chrono::microseconds(1063));
}

TEST(LatencyTracker, FollowsWhatChanges) {
  LatencyTracker tracker;
  for (int i = 0; i < 10'000; ++i) tracker.Record(milliseconds(i % 10 == 0 ? 100 : 1));
  EXPECT_LE(tracker.p50(), std::chrono::microseconds(1063));
  EXPECT_GE(tracker.p95(), milliseconds(100));
  for (int i = 0; i < 5'000; ++i) tracker.Record(milliseconds(3));
  EXPECT_GE(tracker.p95(), milliseconds(3));
  EXPECT_LE(tracker.p95(), milliseconds(4)) << "the slow ones are long ago";
}

TEST(HedgePolicy, WaitsForWhatNearlyAllAnswersTake) {
  const TimePoint now{seconds(100)};
  const TimePoint deadline = now + milliseconds(50);
  const auto at = [&](Duration p50, Duration p95) {
    return HedgeTime(now, deadline, p50, p95, {});
  };
  EXPECT_EQ(at(milliseconds(2), milliseconds(5)), now + milliseconds(5));
  EXPECT_EQ(at(milliseconds(0), std::chrono::microseconds(80)), now + milliseconds(1));
  EXPECT_EQ(at(milliseconds(20), milliseconds(30)), std::nullopt) << "too late to help";
  EXPECT_EQ(at({}, {}), std::nullopt) << "nothing is known yet";
  EXPECT_EQ(HedgeTime(deadline, now, milliseconds(1), milliseconds(1), {}), std::nullopt);
}

TEST(RetryPolicy, OnlyWhatFoundNobodyIsTriedAgainAndOnlyInTime) {
  const TimePoint now{seconds(100)};
  const TimePoint deadline = now + milliseconds(10);
  const auto when = [&](const absl::Status& status) {
    return RetryTime(status, now, deadline, {});
  };
  EXPECT_EQ(when(absl::UnavailableError("")), now);
  EXPECT_EQ(when(absl::OkStatus()), std::nullopt);
  EXPECT_EQ(when(absl::DeadlineExceededError("")), std::nullopt);
  EXPECT_EQ(when(absl::ResourceExhaustedError("")), std::nullopt);
  EXPECT_EQ(when(absl::UnknownError("")), std::nullopt);
  EXPECT_EQ(when(NotAsked(absl::UnavailableError(""))), std::nullopt);
  EXPECT_EQ(when(WithPushback(absl::UnavailableError(""), {})), std::nullopt);
  EXPECT_EQ(when(WithPushback(absl::UnavailableError(""), {true, milliseconds(4)})),
            now + milliseconds(4));
  EXPECT_EQ(when(WithPushback(absl::UnavailableError(""), {true, milliseconds(10)})), std::nullopt);
  EXPECT_EQ(RetryTime(absl::UnavailableError(""), now, now + std::chrono::microseconds(999), {}),
            std::nullopt);
  EXPECT_EQ(RetryTime(absl::UnavailableError(""), deadline, now, {}), std::nullopt);
}

TEST(ChooseBackend, TakesTheOneWithTheFewestInFlightAndTurnsAmongEquals) {
  EXPECT_EQ(ChooseBackend({{true, true, 3}, {true, true, 1}, {true, true, 2}}, 0, 0), 1u);
  for (uint64_t turn = 0; turn < 6; ++turn) {
    EXPECT_EQ(ChooseBackend({{}, {}, {}}, turn, 0), turn % 3);
  }
}

TEST(ChooseBackend, PassesOverThoseThatAreOpenOrUnreachable) {
  const BackendView open{true, false, 0};
  const BackendView away{false, true, 0};
  const BackendView busy{true, true, 1000};
  for (uint64_t turn = 0; turn < 3; ++turn) {
    EXPECT_EQ(ChooseBackend({open, away, busy}, turn, 0), 2u);
    EXPECT_EQ(ChooseBackend({open, away, busy}, turn, MaskOf(2)), 2u) << "an error is no help";
    EXPECT_EQ(ChooseBackend({open, away, open}, turn, 0), 1u);
    EXPECT_EQ(ChooseBackend({open, open, open}, turn, 0), std::nullopt);
    EXPECT_EQ(ChooseBackend({busy, busy, busy}, turn, MaskOf(0) | MaskOf(2)), 1u);
  }
}

}  // namespace
}  // namespace tournant
