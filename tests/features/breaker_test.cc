#include "features/breaker.h"

#include "fakes/manual_clock.h"
#include "gtest/gtest.h"

namespace tournant {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Verdict = Breaker::Verdict;

class BreakerTest : public ::testing::Test {
 protected:
  // A call that enters and leaves at once; false: it was refused.
  bool Call(Verdict verdict) {
    const auto period = breaker_.Enter(clock_.Now());
    if (period) breaker_.Leave(clock_.Now(), *period, verdict);
    return period.has_value();
  }
  void Calls(int count, Verdict verdict) {
    for (int i = 0; i < count; ++i) Call(verdict);
  }
  void Open() {
    Calls(20, Verdict::kBad);
    ASSERT_EQ(breaker_.state(), BreakerState::kOpen);
  }
  // Until it lets calls through again; true: within `low` and `high`.
  bool OpensAgainBetween(Duration low, Duration high) {
    clock_.Advance(low);
    if (breaker_.Allows(clock_.Now())) return false;
    clock_.Advance(high - low);
    return breaker_.Allows(clock_.Now());
  }

  ManualClock clock_;
  SeededRng rng_{1};
  Breaker breaker_{BreakerOptions(), rng_};
};

TEST_F(BreakerTest, OpensWhenHalfOfTwentyCallsFailed) {
  Calls(10, Verdict::kGood);
  Calls(9, Verdict::kBad);
  EXPECT_EQ(breaker_.state(), BreakerState::kClosed) << "19 calls tell too little";
  Call(Verdict::kBad);
  EXPECT_EQ(breaker_.state(), BreakerState::kOpen);
  EXPECT_FALSE(Call(Verdict::kGood));
}

TEST_F(BreakerTest, StaysClosedWhileFewerThanHalfFail) {
  for (int i = 0; i < 1000; ++i) Call(i % 10 < 3 ? Verdict::kBad : Verdict::kGood);
  EXPECT_EQ(breaker_.state(), BreakerState::kClosed);
}

TEST_F(BreakerTest, OpensWhenFourOfFiveCallsAreSlow) {
  for (int i = 0; i < 100; ++i) Call(i % 4 == 0 ? Verdict::kGood : Verdict::kSlow);
  EXPECT_EQ(breaker_.state(), BreakerState::kClosed);
  Calls(40, Verdict::kSlow);
  EXPECT_EQ(breaker_.state(), BreakerState::kOpen);
}

TEST_F(BreakerTest, WhatTellsNothingIsNotCounted) {
  Calls(100, Verdict::kNone);
  Calls(19, Verdict::kBad);
  EXPECT_EQ(breaker_.state(), BreakerState::kClosed);
}

TEST_F(BreakerTest, ForgetsWhatIsTenSecondsOld) {
  Calls(19, Verdict::kBad);
  clock_.Advance(seconds(11));
  Call(Verdict::kBad);
  EXPECT_EQ(breaker_.state(), BreakerState::kClosed);
  Calls(19, Verdict::kBad);
  EXPECT_EQ(breaker_.state(), BreakerState::kOpen);
}

TEST_F(BreakerTest, OldFailuresAreDilutedByWhatCameSince) {
  Calls(20, Verdict::kGood);
  Calls(19, Verdict::kBad);
  clock_.Advance(seconds(5));
  Calls(60, Verdict::kGood);
  Calls(60, Verdict::kBad);
  EXPECT_EQ(breaker_.state(), BreakerState::kClosed) << "79 of 159 in ten seconds";
  Call(Verdict::kBad);
  EXPECT_EQ(breaker_.state(), BreakerState::kOpen);
}

TEST_F(BreakerTest, AnOutageIsNotHiddenByTheGoodCallsBeforeIt) {
  for (int i = 0; i < 8; ++i) {
    Calls(1000, Verdict::kGood);
    clock_.Advance(seconds(1));
  }
  Calls(100, Verdict::kBad);
  EXPECT_EQ(breaker_.state(), BreakerState::kClosed) << "one connection may have broken";
  clock_.Advance(milliseconds(499));
  Call(Verdict::kBad);
  EXPECT_EQ(breaker_.state(), BreakerState::kClosed);
  clock_.Advance(milliseconds(1));
  Call(Verdict::kBad);
  EXPECT_EQ(breaker_.state(), BreakerState::kOpen);
}

TEST_F(BreakerTest, OneGoodCallInBetweenEndsARowOfFailures) {
  Calls(1000, Verdict::kGood);
  Calls(100, Verdict::kBad);
  clock_.Advance(milliseconds(500));
  Call(Verdict::kGood);
  Calls(19, Verdict::kBad);
  clock_.Advance(milliseconds(500));
  Call(Verdict::kSlow);
  Call(Verdict::kBad);
  EXPECT_EQ(breaker_.state(), BreakerState::kClosed);
}

TEST_F(BreakerTest, TwentySilencesInARowOverHalfASecondOpenIt) {
  Calls(1000, Verdict::kGood);
  Calls(100, Verdict::kSilent);
  clock_.Advance(milliseconds(500));
  Call(Verdict::kGood);
  Calls(19, Verdict::kSilent);
  clock_.Advance(milliseconds(500));
  EXPECT_EQ(breaker_.state(), BreakerState::kClosed);
  Call(Verdict::kSilent);
  EXPECT_EQ(breaker_.state(), BreakerState::kOpen);
}

TEST_F(BreakerTest, SilencesThatAreFarBetweenAreNoRow) {
  for (int i = 0; i < 200; ++i) {
    Call(Verdict::kSilent);
    clock_.Advance(milliseconds(600));
  }
  EXPECT_EQ(breaker_.state(), BreakerState::kClosed);
}

TEST_F(BreakerTest, FiveSilentProbesAreABadOneUnlessOneWasGood) {
  Open();
  clock_.Advance(seconds(2));
  Calls(4, Verdict::kSilent);
  EXPECT_EQ(breaker_.state(), BreakerState::kHalfOpen);
  Call(Verdict::kSilent);
  EXPECT_EQ(breaker_.state(), BreakerState::kOpen);
  clock_.Advance(seconds(3));
  Calls(4, Verdict::kSilent);
  Call(Verdict::kGood);
  Calls(20, Verdict::kSilent);
  EXPECT_EQ(breaker_.state(), BreakerState::kHalfOpen);
  Calls(4, Verdict::kGood);
  EXPECT_EQ(breaker_.state(), BreakerState::kClosed);
}

TEST_F(BreakerTest, LetsFiveProbesThroughAfterASecond) {
  Open();
  ASSERT_TRUE(OpensAgainBetween(milliseconds(799), milliseconds(1201)));
  EXPECT_EQ(breaker_.state(), BreakerState::kOpen) << "asking changes nothing";
  std::vector<Breaker::Period> probes;
  for (int i = 0; i < 5; ++i) {
    const auto period = breaker_.Enter(clock_.Now());
    ASSERT_TRUE(period);
    probes.push_back(*period);
  }
  EXPECT_EQ(breaker_.state(), BreakerState::kHalfOpen);
  EXPECT_FALSE(breaker_.Enter(clock_.Now()));
  for (const Breaker::Period probe : probes) {
    EXPECT_EQ(breaker_.state(), BreakerState::kHalfOpen);
    breaker_.Leave(clock_.Now(), probe, Verdict::kGood);
  }
  EXPECT_EQ(breaker_.state(), BreakerState::kClosed);
  Calls(19, Verdict::kBad);
  EXPECT_EQ(breaker_.state(), BreakerState::kClosed) << "what was before it opened is forgotten";
}

TEST_F(BreakerTest, AProbeThatTellsNothingGivesItsPlaceToAnother) {
  Open();
  clock_.Advance(seconds(2));
  Calls(50, Verdict::kNone);
  EXPECT_EQ(breaker_.state(), BreakerState::kHalfOpen);
  Calls(5, Verdict::kGood);
  EXPECT_EQ(breaker_.state(), BreakerState::kClosed);
}

TEST_F(BreakerTest, EachTimeTheProbesFailItStaysOpenTwiceAsLongUpToHalfAMinute) {
  Open();
  clock_.Advance(milliseconds(1201));
  for (const int open_for : {2, 4, 8, 16, 30, 30}) {
    Call(open_for % 4 == 0 ? Verdict::kSlow : Verdict::kBad);
    ASSERT_EQ(breaker_.state(), BreakerState::kOpen);
    EXPECT_TRUE(OpensAgainBetween(milliseconds(open_for * 800 - 1), milliseconds(open_for * 1200)))
        << open_for;
  }
  Calls(5, Verdict::kGood);
  ASSERT_EQ(breaker_.state(), BreakerState::kClosed);
  Open();
  EXPECT_TRUE(OpensAgainBetween(milliseconds(799), milliseconds(1201))) << "short again";
}

TEST_F(BreakerTest, JitterSpreadsTheProbesOfManyServers) {
  int early = 0;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    SeededRng rng(seed);
    Breaker breaker(BreakerOptions(), rng);
    for (int i = 0; i < 20; ++i) {
      breaker.Leave(clock_.Now(), *breaker.Enter(clock_.Now()), Verdict::kBad);
    }
    EXPECT_FALSE(breaker.Allows(clock_.Now() + milliseconds(799)));
    EXPECT_TRUE(breaker.Allows(clock_.Now() + milliseconds(1201)));
    if (breaker.Allows(clock_.Now() + milliseconds(1000))) ++early;
  }
  EXPECT_GT(early, 30);
  EXPECT_LT(early, 70);
}

TEST_F(BreakerTest, CallsFromBeforeItOpenedSayNothingAboutTheTimeAfter) {
  const auto slow = breaker_.Enter(clock_.Now());
  Open();
  breaker_.Leave(clock_.Now(), *slow, Verdict::kGood);
  EXPECT_EQ(breaker_.state(), BreakerState::kOpen);
  clock_.Advance(seconds(2));
  const auto probe = breaker_.Enter(clock_.Now());
  breaker_.Leave(clock_.Now(), *slow, Verdict::kBad);
  EXPECT_EQ(breaker_.state(), BreakerState::kHalfOpen);
  breaker_.Leave(clock_.Now(), *probe, Verdict::kGood);
  Calls(4, Verdict::kGood);
  EXPECT_EQ(breaker_.state(), BreakerState::kClosed);
}

}  // namespace
}  // namespace tournant
