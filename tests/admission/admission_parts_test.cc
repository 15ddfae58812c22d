// What admission is made of: classes, work, peers, correction, the standing queue.

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "absl/strings/str_cat.h"
#include "admission/admitted_work.h"
#include "admission/criticality.h"
#include "admission/peer_shares.h"
#include "admission/standing_queue.h"
#include "admission/urgency.h"
#include "admission/wait_correction.h"

namespace tournant {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr TimePoint kStart{seconds(1000)};

TEST(Criticality, HasItsNamesFromTheMetadata) {
  for (const Criticality criticality : kAllCriticalities) {
    EXPECT_EQ(ParseCriticality(CriticalityName(criticality)), criticality);
  }
  EXPECT_EQ(ParseCriticality("CRITICAL"), std::nullopt);
  EXPECT_EQ(ParseCriticality(""), std::nullopt);
}

TEST(AdmittedWork, AheadIsWhatMattersMoreAndWhatHasNoMoreTime) {
  AdmittedWork work;
  const size_t hurried = AdmittedWork::BucketOf(milliseconds(10));
  const size_t patient = AdmittedWork::BucketOf(seconds(10));
  const Urgency plus{Criticality::kCriticalPlus};
  const Urgency critical{Criticality::kCritical};
  const Urgency beyond{Criticality::kCritical, /*beyond_share=*/true};
  const Urgency sheddable{Criticality::kSheddable};
  work.Add(critical, hurried, milliseconds(1));
  work.Add(critical, patient, milliseconds(2));
  work.Add(plus, patient, milliseconds(4));
  work.Add(sheddable, hurried, milliseconds(8));
  work.Add(beyond, hurried, milliseconds(16));
  EXPECT_EQ(work.Ahead(critical, hurried), milliseconds(5));
  EXPECT_EQ(work.Ahead(critical, patient), milliseconds(7)) << "not that of others beyond a share";
  EXPECT_EQ(work.Ahead(beyond, hurried), milliseconds(23)) << "all of the class within its share";
  EXPECT_EQ(work.Ahead(plus, hurried), milliseconds(0));
  EXPECT_EQ(work.Ahead(sheddable, hurried), milliseconds(31));
  EXPECT_EQ(work.total(), milliseconds(31));
  work.Remove(plus, patient, milliseconds(4));
  EXPECT_EQ(work.Ahead(critical, patient), milliseconds(3));
}

TEST(AdmittedWork, PatienceIsToldApartInPowersOfTwo) {
  EXPECT_EQ(AdmittedWork::BucketOf(milliseconds(-5)), 0u);
  EXPECT_EQ(AdmittedWork::BucketOf(milliseconds(100)), AdmittedWork::BucketOf(milliseconds(127)));
  EXPECT_LT(AdmittedWork::BucketOf(milliseconds(127)), AdmittedWork::BucketOf(milliseconds(128)));
  EXPECT_EQ(AdmittedWork::BucketOf(std::chrono::hours(1)), AdmittedWork::kBuckets - 1);
}

// A peer that sends so much work each 10 ms, for half a minute, with or without another that sends
// `other`. Returns what became of both last.
struct Pair {
  PeerShares::Standing one, other;
};
Pair SendForLong(PeerShares& peers, TimePoint& now, Duration one, Duration other) {
  Pair last;
  for (int i = 0; i < 3000; ++i) {
    last.one = peers.See("one", now);
    peers.Add("one", one);
    if (other > Duration::zero()) {
      last.other = peers.See("other", now);
      peers.Add("other", other);
    }
    now += milliseconds(10);
  }
  return last;
}

TEST(PeerShares, WhoeverIsAloneHasNoMoreThanItsShare) {
  PeerShares peers;
  TimePoint now = kStart;
  EXPECT_FALSE(SendForLong(peers, now, milliseconds(50), milliseconds(0)).one.beyond_share);
}

TEST(PeerShares, TheOneThatTakesMoreThanItsPartIsBeyondIt) {
  PeerShares peers;
  TimePoint now = kStart;
  const Pair last = SendForLong(peers, now, milliseconds(7), milliseconds(3));
  EXPECT_TRUE(last.one.beyond_share);
  EXPECT_FALSE(last.other.beyond_share);
}

TEST(PeerShares, ManyWithLittleAreWithinTheirShareBesideOneThatFloods) {
  PeerShares peers;
  for (int i = 0; i < 100'000; ++i) {
    const TimePoint now = kStart + i * milliseconds(1);
    const std::string address = i % 2 == 0 ? "flood" : absl::StrCat("peer-", i % 100);
    const PeerShares::Standing standing = peers.See(address, now);
    peers.Add(address, i % 2 == 0 ? milliseconds(3) : milliseconds(1));
    if (i > 10'000) EXPECT_EQ(standing.beyond_share, address == "flood") << address;
  }
}

TEST(PeerShares, HalfASecondHalvesWhatWasGiven) {
  PeerShares peers;
  TimePoint now = kStart;
  SendForLong(peers, now, milliseconds(9), milliseconds(3));
  now += milliseconds(500);
  EXPECT_TRUE(peers.See("one", now).beyond_share);
  for (int i = 0; i < 50; ++i) {
    peers.See("other", now);
    peers.Add("other", milliseconds(9));
    now += milliseconds(10);
  }
  EXPECT_FALSE(peers.See("one", now).beyond_share) << "a quarter of 9, beside 9 for half a second";
  EXPECT_FALSE(peers.See("one", now).newcomer);
  now += seconds(3);
  EXPECT_TRUE(peers.See("one", now).newcomer);
}

TEST(PeerShares, APeerCountsForTwoSeconds) {
  PeerShares peers;
  EXPECT_TRUE(peers.See("a", kStart).newcomer);
  EXPECT_EQ(peers.active(), 1u);
  peers.See("b", kStart + seconds(1));
  peers.See("b", kStart + seconds(1));
  EXPECT_EQ(peers.active(), 2u);
  peers.See("b", kStart + seconds(3));
  EXPECT_EQ(peers.active(), 1u);
}

TEST(PeerShares, ForgetsAsManyAsCome) {
  PeerShares peers;
  for (int i = 0; i < 10'000; ++i) {
    peers.See(absl::StrCat("peer-", i), kStart + i * milliseconds(100));
    ASSERT_LE(peers.active(), 30u);
  }
}

TEST(PeerShares, AConnectionHasAPortAndAClientHasNone) {
  EXPECT_EQ(WithoutPort("ipv4:10.0.0.1:53122"), "ipv4:10.0.0.1");
  EXPECT_EQ(WithoutPort("ipv6:[::1]:53122"), "ipv6:[::1]");
  EXPECT_EQ(WithoutPort("ipv6:[::1]"), "ipv6:[::1]");
  EXPECT_EQ(WithoutPort("ipv4:10.0.0.1"), "ipv4:10.0.0.1") << "nothing to take away";
  EXPECT_EQ(WithoutPort("unix:/run/a:b"), "unix:/run/a:b");
  EXPECT_EQ(WithoutPort(""), "");
}

// So many intervals, each with waits of `actual` where `predicted` was foretold.
void Observe(WaitCorrection& correction, TimePoint& now, int intervals, Duration predicted,
             Duration actual) {
  for (int i = 0; i < intervals; ++i) {
    correction.Observe(now, predicted, actual);
    now += milliseconds(100);
  }
  correction.Observe(now, Duration::zero(), Duration::zero());  // Ends the last one.
}

TEST(WaitCorrection, FollowsWaitsThatAreLongerThanPredicted) {
  WaitCorrection correction;
  TimePoint now = kStart;
  Observe(correction, now, 20, milliseconds(10), milliseconds(25));
  EXPECT_NEAR(correction.last_factor(), 2.5, 0.05);
  Observe(correction, now, 20, milliseconds(10), milliseconds(10));
  EXPECT_NEAR(correction.last_factor(), 1, 0.05);
}

TEST(WaitCorrection, IsNeverBelowOneNorAboveFour) {
  WaitCorrection correction;
  TimePoint now = kStart;
  Observe(correction, now, 20, milliseconds(10), milliseconds(1));
  EXPECT_EQ(correction.last_factor(), 1);
  Observe(correction, now, 50, milliseconds(10), seconds(10));
  EXPECT_LE(correction.last_factor(), 4);
  EXPECT_GT(correction.last_factor(), 3.9);
}

TEST(WaitCorrection, WearsOffWhereNobodyWaits) {
  WaitCorrection correction;
  TimePoint now = kStart;
  Observe(correction, now, 30, milliseconds(10), milliseconds(40));
  EXPECT_GT(correction.last_factor(), 3.5);
  // As when it keeps out all that would have to wait.
  for (int i = 0; i < 20; ++i) {
    correction.Observe(now, Duration::zero(), milliseconds(3));
    now += milliseconds(100);
  }
  EXPECT_LT(correction.FactorAt(now), 1.5);
  EXPECT_LT(correction.FactorAt(now + seconds(5)), 1.01);
}

TEST(WaitCorrection, LearnsNothingFromShortWaits) {
  WaitCorrection correction;
  TimePoint now = kStart;
  Observe(correction, now, 20, std::chrono::microseconds(100), milliseconds(10));
  EXPECT_EQ(correction.last_factor(), 1);
}

TEST(StandingQueue, ShedsWhatHasWaitedLongestOnceEvenTheFreshestHasWaitedForLong) {
  StandingQueue queue;
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(queue.ShouldShed(kStart + i * milliseconds(10), 0.95));
  }
  EXPECT_TRUE(queue.ShouldShed(kStart + milliseconds(100), 0.95));
  EXPECT_TRUE(queue.stands());
  EXPECT_FALSE(queue.ShouldShed(kStart + milliseconds(101), 0.85)) << "it can still be in time";
}

TEST(StandingQueue, OneFreshCallInAnIntervalShowsThatItMoves) {
  StandingQueue queue;
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(queue.ShouldShed(kStart + i * milliseconds(10), i == 5 ? 0.1 : 0.95));
  }
  EXPECT_FALSE(queue.ShouldShed(kStart + milliseconds(100), 0.95));
}

TEST(StandingQueue, APauseEndsIt) {
  StandingQueue queue;
  queue.ShouldShed(kStart, 0.95);
  EXPECT_FALSE(queue.ShouldShed(kStart + seconds(5), 0.95));
  EXPECT_FALSE(queue.stands());
}

}  // namespace
}  // namespace tournant
