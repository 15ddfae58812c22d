#include "features/layered_client_test.h"

namespace tournant {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

// Two backends that usually answer within 2 ms; a token for a hedge is there.
class HedgingTest : public LayeredClientTest {
 protected:
  HedgingTest() { options_.hedge.budget.at_start = 1; }
  void Usual(size_t backends = 2) {
    Make(backends);
    Learn(milliseconds(2));
  }
  HedgingFetcher::Numbers Hedges() const { return client_->hedging().Read(); }
  // Starts a fetch at a backend that does not answer, as long as the other ones do so after
  // `delay`.
  Call& StartAtSlowOne(Duration delay = milliseconds(2)) {
    Script({.delay = milliseconds(40), .value = 0}, {.delay = delay, .value = 1});
    return Start();
  }
  // The first attempt from now on gets the one answer, whoever is chosen for it, and all others get
  // the other one.
  void Script(const FakeBackend::Answer& first, const FakeBackend::Answer& others) {
    started_ = 0;
    for (FakeBackend* backend : backends_) {
      backend->script = [this, first, others](int) { return started_++ == 0 ? first : others; };
    }
  }
  int running() const {
    int sum = 0;
    for (const FakeBackend* backend : backends_) sum += backend->running;
    return sum;
  }
  int cancelled() const {
    int sum = 0;
    for (const FakeBackend* backend : backends_) sum += backend->cancelled;
    return sum;
  }

  int started_ = 0;
};

TEST_F(HedgingTest, ASecondBackendIsAskedWhenTheFirstIsSlowAndTheLoserIsCancelled) {
  Usual();
  Call& call = StartAtSlowOne();
  loop_.Advance(microseconds(1900));
  EXPECT_EQ(running(), 1);
  loop_.Advance(microseconds(400));
  EXPECT_EQ(running(), 2) << "p95 has passed";
  loop_.Advance(milliseconds(2));
  ASSERT_TRUE(call.ok()) << call.status();
  EXPECT_EQ(call.value(), 1);
  EXPECT_EQ(running(), 0) << "the loser was drained";
  EXPECT_EQ(cancelled(), 1);
  EXPECT_EQ(Hedges().won, 1u);
  EXPECT_EQ(Hedges().lost, 0u);
}

TEST_F(HedgingTest, TheFirstMayWinAllTheSame) {
  Usual();
  Call& call = StartAtSlowOne(milliseconds(45));
  loop_.Advance(milliseconds(3));
  EXPECT_EQ(running(), 2);
  loop_.Advance(milliseconds(37));
  ASSERT_TRUE(call.ok());
  EXPECT_EQ(call.value(), 0);
  EXPECT_EQ(running(), 0);
  EXPECT_EQ(Hedges().lost, 1u);
}

TEST_F(HedgingTest, AHedgeThatFailsDoesNotEndTheFirst) {
  Usual();
  Script({.delay = milliseconds(10)},
         {.delay = milliseconds(1), .status = absl::UnknownError("no such view here")});
  EXPECT_TRUE(Fetch().ok());
  EXPECT_EQ(started_, 2);
  EXPECT_EQ(Hedges().lost, 1u);
}

TEST_F(HedgingTest, WhenBothFailTheFirstsErrorCounts) {
  Usual();
  Script({.delay = milliseconds(10), .status = absl::UnknownError("first")},
         {.delay = milliseconds(10), .status = absl::UnknownError("second")});
  EXPECT_EQ(Fetch().status().message(), "first");
}

TEST_F(HedgingTest, WithoutATokenNothingIsSent) {
  options_.hedge.budget = {.per_call = 0, .most = 1, .at_start = 0};
  Usual();
  Call& call = StartAtSlowOne();
  loop_.Advance(milliseconds(10));
  EXPECT_EQ(running(), 1);
  EXPECT_EQ(Hedges().suppressed, 1u);
  loop_.Advance(milliseconds(30));
  EXPECT_TRUE(call.ok());
}

TEST_F(HedgingTest, InABrownOutNothingIsSent) {
  Usual();
  brown_out_.Set(BrownOutLevel::kNoExtras);
  StartAtSlowOne();
  loop_.Advance(milliseconds(10));
  EXPECT_EQ(running(), 1);
  EXPECT_EQ(Hedges().suppressed, 1u);
}

TEST_F(HedgingTest, OneUsableBackendIsNotHedged) {
  Usual();
  reachable_[1] = false;
  StartAtSlowOne();
  loop_.Advance(milliseconds(10));
  EXPECT_EQ(running(), 1);
  EXPECT_EQ(Hedges().suppressed, 1u);
}

TEST_F(HedgingTest, ACallThatIsShortOfTimeIsNotHedged) {
  Usual();
  for (FakeBackend* backend : backends_) backend->BlackHole();
  EXPECT_FALSE(Fetch(milliseconds(4)).ok());
  EXPECT_EQ(backends_[0]->calls + backends_[1]->calls, 1);
  EXPECT_EQ(Hedges().suppressed, 0u);
}

TEST_F(HedgingTest, ACallerWhoLeavesTakesBothWithHim) {
  Usual();
  Call& call = StartAtSlowOne(milliseconds(30));
  loop_.Advance(milliseconds(3));
  ASSERT_EQ(running(), 2);
  call.stop.request_stop();
  loop_.RunUntilIdle();
  EXPECT_EQ(call.status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(running(), 0);
  EXPECT_EQ(cancelled(), 2);
}

TEST_F(HedgingTest, BothEndAtTheDeadline) {
  Usual();
  for (FakeBackend* backend : backends_) backend->BlackHole();
  const TimePoint start = clock_.Now();
  EXPECT_EQ(Fetch().status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(calls_.back().ended - start, milliseconds(50));
  EXPECT_EQ(backends_[0]->calls + backends_[1]->calls, 2);
}

TEST_F(HedgingTest, AtMostOneCallInTwentyIsExtraAndTheTailIsCut) {
  Usual();
  // One answer in fifty takes 40 ms.
  for (FakeBackend* backend : backends_) {
    backend->script = [this](int) {
      return FakeBackend::Answer{.delay =
                                     started_++ % 50 == 49 ? milliseconds(40) : milliseconds(2)};
    };
  }
  int slow = 0;
  for (int i = 0; i < 1000; ++i) {
    const TimePoint start = clock_.Now();
    ASSERT_TRUE(Fetch().ok());
    if (calls_.back().ended - start > milliseconds(10)) ++slow;
  }
  EXPECT_LE(started_ - 1000, 50 + 3) << "and what was saved up";
  EXPECT_EQ(slow, 0);
}

TEST_F(HedgingTest, TheLeastBusyBackendIsAskedFirst) {
  Make(2);
  brown_out_.Set(BrownOutLevel::kNoExtras);
  backends_[0]->Always({.delay = milliseconds(40)});
  backends_[1]->Always({.delay = milliseconds(1)});
  for (int i = 0; i < 30; ++i) {
    Start();
    loop_.Advance(milliseconds(2));
  }
  EXPECT_LE(backends_[0]->calls, 2) << "what it has answered makes room for one more";
}

TEST_F(HedgingTest, EqualBackendsTakeTurns) {
  Make(3);
  FetchMany(30);
  for (const FakeBackend* backend : backends_) EXPECT_EQ(backend->calls, 10);
}

}  // namespace
}  // namespace tournant
