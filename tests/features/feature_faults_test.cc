// What a store in trouble costs: the faults of a feature store, on a manual clock.
#include "features/fetch_outcome.h"
#include "features/layered_client_test.h"
#include "gmock/gmock.h"

namespace tournant {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

using FeatureFaultsTest = LayeredClientTest;

TEST_F(FeatureFaultsTest, AStoreThatIsHardDownIsLeftAloneAndUsedAgainWhenItComesBack) {
  Make(1);
  backends_[0]->Always({.status = absl::UnavailableError("connection refused")});
  EXPECT_EQ(FetchMany(30), 0);
  EXPECT_EQ(BreakerOf(0), BreakerState::kOpen);
  // Attempts, not fetches: some were tried twice.
  EXPECT_EQ(backends_[0]->calls, 20);
  const Call& refused = Fetch();
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("breaker is open"));
  EXPECT_EQ(backends_[0]->calls, 20);
  EXPECT_TRUE(Health().breaker_open);
  EXPECT_FALSE(Health().any_backend_available);
  EXPECT_EQ(Health().error_rate, 1);

  backends_[0]->Always({.value = 7});
  loop_.Advance(milliseconds(1201));
  EXPECT_TRUE(Health().any_backend_available) << "by the passing of time alone";
  EXPECT_EQ(FetchMany(5), 5);
  EXPECT_EQ(BreakerOf(0), BreakerState::kClosed);
  EXPECT_EQ(Fetch().value(), 7);
  EXPECT_EQ(Status(0).breaker.transitions[static_cast<size_t>(BreakerState::kOpen)], 1);
  EXPECT_EQ(Status(0).breaker.transitions[static_cast<size_t>(BreakerState::kClosed)], 1);
}

TEST_F(FeatureFaultsTest, DuringALongOutageOnlyProbesAreSent) {
  Make(1);
  backends_[0]->Always({.status = absl::UnavailableError("down")});
  FetchMany(30);
  const int before = backends_[0]->calls;
  // Ten minutes of one fetch every 100 ms.
  FetchMany(6000, milliseconds(100));
  EXPECT_LE(backends_[0]->calls - before, 2 * 30) << "one probe each 24 s in the end, and retries";
}

TEST_F(FeatureFaultsTest, ABlackHoleCostsItsTimeOnlyUntilTheBreakerOpens) {
  Make(1);
  backends_[0]->BlackHole();
  for (int i = 0; i < 20; ++i) {
    const TimePoint start = clock_.Now();
    EXPECT_EQ(Fetch().status().code(), absl::StatusCode::kDeadlineExceeded);
    EXPECT_EQ(calls_.back().ended - start, milliseconds(50));
  }
  ASSERT_EQ(BreakerOf(0), BreakerState::kOpen);
  const TimePoint start = clock_.Now();
  EXPECT_EQ(Fetch().status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(calls_.back().ended, start) << "at once";
  EXPECT_EQ(backends_[0]->calls, 20);
}

TEST_F(FeatureFaultsTest, ManyCallsInABlackHoleBringTheLimitDown) {
  Make(1);
  backends_[0]->BlackHole();
  for (int i = 0; i < 5000; ++i) Start();
  EXPECT_EQ(Status(0).limit.in_flight, 4096);
  EXPECT_EQ(Status(0).limit.refused, 5000 - 4096);
  EXPECT_EQ(calls_.back().status().code(), absl::StatusCode::kResourceExhausted);
  loop_.Advance(milliseconds(50));
  EXPECT_EQ(Status(0).limit.in_flight, 0);
  EXPECT_LT(Status(0).limit.limit, 4096);
}

TEST_F(FeatureFaultsTest, ImpatientCallersDoNotMakeAHealthyStoreLookDead) {
  Make(1);
  Learn(milliseconds(5));
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(Fetch(milliseconds(2)).status().code(), absl::StatusCode::kDeadlineExceeded);
  }
  EXPECT_EQ(BreakerOf(0), BreakerState::kClosed);
  EXPECT_EQ(Status(0).limit.limit, 4096);
  EXPECT_EQ(FetchMany(10), 10);
}

TEST_F(FeatureFaultsTest, WhatTheStoreSaysAboutARequestIsNoTroubleOfTheStore) {
  Make(1);
  backends_[0]->Always({.status = absl::UnknownError("no such view")});
  EXPECT_EQ(FetchMany(100), 0);
  EXPECT_EQ(backends_[0]->calls, 100) << "and asking again would not help";
  EXPECT_EQ(BreakerOf(0), BreakerState::kClosed);
  EXPECT_EQ(Health().error_rate, 0);
}

TEST_F(FeatureFaultsTest, AStoreThatIsAlwaysJustInTimeOpensItsBreaker) {
  Make(1);
  backends_[0]->Always({.delay = milliseconds(45)});
  EXPECT_EQ(FetchMany(20), 20);
  EXPECT_EQ(BreakerOf(0), BreakerState::kOpen);
}

TEST_F(FeatureFaultsTest, AThirdOfErrorsIsMostlyCuredByRetriesWithinTheirBudget) {
  Make(2);
  for (FakeBackend* backend : backends_) {
    backend->script = [](int n) {
      return n % 10 < 3 ? FakeBackend::Answer{.status = absl::UnavailableError("reset")}
                        : FakeBackend::Answer{};
    };
  }
  const int good = FetchMany(1000);
  const int sent = backends_[0]->calls + backends_[1]->calls;
  EXPECT_LE(sent, 1000 + 100 + 10);
  EXPECT_GE(sent, 1000 + 100) << "the budget is used";
  EXPECT_GE(good, 700 + 50);
  EXPECT_EQ(client_->retrying().Read().retries, static_cast<uint64_t>(sent - 1000));
  EXPECT_EQ(BreakerOf(0), BreakerState::kClosed);
  EXPECT_EQ(BreakerOf(1), BreakerState::kClosed);
}

TEST_F(FeatureFaultsTest, CallsThatTakeTwoHundredMillisecondsMoreAreLostAloneOrHedged) {
  // One of ten, wherever it is sent.
  int sent = 0;
  const auto some_slow = [&sent](int) {
    return FakeBackend::Answer{.delay = milliseconds(sent++ % 10 == 9 ? 202 : 2)};
  };
  Make(1);
  Learn(milliseconds(2));
  backends_[0]->script = some_slow;
  EXPECT_EQ(FetchMany(200), 180);
  EXPECT_EQ(BreakerOf(0), BreakerState::kClosed);

  backends_.clear();
  Make(2);
  Learn(milliseconds(2));
  for (FakeBackend* backend : backends_) backend->script = some_slow;
  sent = 0;
  EXPECT_GE(FetchMany(200), 188) << "what the hedge budget pays for";
  EXPECT_LE(sent, 200 + 10 + 2);
}

TEST_F(FeatureFaultsTest, AFlappingStoreAnswersWheneverItIsUpForLong) {
  Make(1);
  // Up and down for three seconds each.
  const TimePoint start = clock_.Now();
  backends_[0]->script = [this, start](int) {
    const bool up = (clock_.Now() - start) / seconds(3) % 2 == 0;
    return up ? FakeBackend::Answer{.delay = milliseconds(1)}
              : FakeBackend::Answer{.status = absl::UnavailableError("flap")};
  };
  int good_while_up = 0;
  int while_up = 0;
  int sent_while_down = 0;
  for (int i = 0; i < 3000; ++i) {
    const bool up = (clock_.Now() - start) / seconds(3) % 2 == 0;
    const int before = backends_[0]->calls;
    const bool good = Fetch().ok();
    if (up) {
      ++while_up;
      if (good) ++good_while_up;
    } else {
      sent_while_down += backends_[0]->calls - before;
    }
    loop_.Advance(milliseconds(9));
  }
  EXPECT_GT(good_while_up, while_up * 6 / 10);
  EXPECT_LT(sent_while_down, (3000 - while_up) / 2);
}

TEST_F(FeatureFaultsTest, OneDeadBackendOfTwoCostsHardlyAnAnswer) {
  Make(2);
  Learn(milliseconds(1));
  backends_[0]->Always({.status = absl::UnavailableError("gone")});
  // Twenty failures until its breaker opens, of which the retry budget covers most.
  EXPECT_GE(FetchMany(500, milliseconds(10)), 490);
  EXPECT_EQ(BreakerOf(0), BreakerState::kOpen);
  EXPECT_EQ(BreakerOf(1), BreakerState::kClosed);
  EXPECT_TRUE(Health().any_backend_available);
  EXPECT_TRUE(Health().breaker_open);
  EXPECT_EQ(FetchMany(500, milliseconds(10)), 500);
}

TEST_F(FeatureFaultsTest, AnUnreachableBackendIsNotEvenTried) {
  Make(2);
  reachable_[0] = false;
  EXPECT_EQ(FetchMany(100), 100);
  EXPECT_EQ(backends_[0]->calls, 0);
  reachable_[1] = false;
  EXPECT_TRUE(Fetch().ok()) << "when none is, one is tried all the same";
}

TEST_F(FeatureFaultsTest, WhenAllBreakersAreOpenNothingIsSent) {
  Make(3);
  for (FakeBackend* backend : backends_) {
    backend->Always({.status = absl::UnavailableError("down")});
  }
  FetchMany(100);
  int sent = 0;
  for (const FakeBackend* backend : backends_) sent += backend->calls;
  EXPECT_EQ(sent, 60);
  EXPECT_EQ(Fetch().status().message(),
            "the breakers of all backends of the feature store are open");
}

TEST_F(FeatureFaultsTest, PushbackIsHonoured) {
  Make(1);
  backends_[0]->script = [](int n) {
    FakeBackend::Answer answer;
    if (n == 0) {
      answer.status = WithPushback(absl::UnavailableError("later"), {true, milliseconds(20)});
    } else if (n == 2) {
      answer.status = WithPushback(absl::UnavailableError("never"), {});
    }
    return answer;
  };
  const TimePoint start = clock_.Now();
  EXPECT_TRUE(Fetch().ok());
  EXPECT_EQ(calls_.back().ended - start, milliseconds(20));
  EXPECT_EQ(Fetch().status().message(), "never");
  EXPECT_EQ(backends_[0]->calls, 3);
}

TEST_F(FeatureFaultsTest, AnEmbeddedStoreIsAskedOnceACallAndTriedAgainWithinTwoSeconds) {
  options_ = FeatureClientOptions::Embedded(milliseconds(50));
  Make(1);
  backends_[0]->Always({.delay = seconds(1)});  // A file that hangs.
  EXPECT_EQ(FetchMany(100), 0);
  EXPECT_EQ(backends_[0]->calls, 20);
  EXPECT_FALSE(Health().any_backend_available) << "a brown-out can go to its last level";
  for (int i = 0; i < 5; ++i) {
    loop_.Advance(milliseconds(2400));
    EXPECT_TRUE(Health().any_backend_available) << "each time that the probes have failed";
    EXPECT_FALSE(Fetch().ok());
  }
  backends_[0]->Always({});
  loop_.Advance(milliseconds(2400));
  EXPECT_EQ(FetchMany(20), 20);
}

// The time that calls leave for features is shorter than what nearly all answers take: a single one
// of them tells nothing, and so would the outage.
TEST_F(FeatureFaultsTest, ABlackHoleIsFoundByImpatientCallersToo) {
  Make(1);
  for (int i = 0; i < 60; ++i) {
    backends_[0]->Always({.delay = milliseconds(i % 10 == 0 ? 30 : 5)});
    ASSERT_TRUE(Fetch().ok());
  }
  backends_[0]->Always({.delay = seconds(1)});
  const int before = backends_[0]->calls;
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(Fetch(milliseconds(10)).ok());
    loop_.Advance(milliseconds(20));
  }
  EXPECT_EQ(BreakerOf(0), BreakerState::kOpen);
  EXPECT_LT(backends_[0]->calls - before, 40);
}

TEST_F(FeatureFaultsTest, CallersTooImpatientForAnyAnswerDoNotMakeAHealthyStoreLookDead) {
  Make(1);
  Learn(milliseconds(20));
  for (int i = 0; i < 200; ++i) {
    EXPECT_FALSE(Fetch(milliseconds(10)).ok());
    loop_.Advance(milliseconds(10));
  }
  EXPECT_EQ(BreakerOf(0), BreakerState::kClosed);
  EXPECT_TRUE(Fetch().ok());
}

}  // namespace
}  // namespace tournant
