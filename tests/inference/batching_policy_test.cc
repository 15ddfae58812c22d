#include "inference/batching_policy.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tournant {
namespace {

using std::chrono::microseconds;
constexpr int64_t kNoLimit = 1'000'000;

struct DecideCase {
  std::string name;
  BatchSnapshot snapshot;
  int64_t max_rows;
  Duration wait;
};
void PrintTo(const DecideCase& value, std::ostream* out) { *out << value.name; }

class DecideBatchTable : public testing::TestWithParam<DecideCase> {};

TEST_P(DecideBatchTable, Decides) {
  const BatchDecision decision = DecideBatch(GetParam().snapshot);
  EXPECT_EQ(decision.max_rows, GetParam().max_rows);
  EXPECT_EQ(decision.wait, GetParam().wait);
}

BatchSnapshot Waiting(int64_t rows, int64_t max_batch_size, int sharing = 1,
                      int64_t useful = kNoLimit) {
  return {.waiting_rows = rows,
          .max_batch_size = max_batch_size,
          .useful_rows = useful,
          .sharing = sharing};
}

BatchSnapshot Delayed(int64_t rows, Duration oldest_wait, bool closing = false) {
  BatchSnapshot snapshot = Waiting(rows, 8);
  snapshot.max_queue_delay = microseconds(500);
  snapshot.oldest_wait = oldest_wait;
  snapshot.closing = closing;
  return snapshot;
}

BatchSnapshot Preferring(int64_t preferred_rows, BatchSnapshot snapshot) {
  snapshot.preferred_rows = preferred_rows;
  return snapshot;
}

INSTANTIATE_TEST_SUITE_P(
    Policy, DecideBatchTable,
    testing::Values(
        DecideCase{"OneRowGoesAtOnce", Waiting(1, 64), 1, {}},
        DecideCase{"AFreeWorkerTakesAllThatWaits", Waiting(17, 64), 17, {}},
        DecideCase{"UpToTheLargestBatch", Waiting(1000, 64), 64, {}},
        DecideCase{"UpToWhatTheCostModelFindsUseful", Waiting(1000, 64, 1, 5), 5, {}},
        DecideCase{"NeverLessThanOneRow", Waiting(3, 64, 8, 0), 1, {}},
        DecideCase{"WithoutABatchDimensionExactlyOne", Waiting(40, 0), 1, {}},
        DecideCase{"TwoWorkersShareABurst", Waiting(10, 64, 2), 5, {}},
        DecideCase{"SharesAreRoundedUp", Waiting(10, 64, 3), 4, {}},
        DecideCase{"MoreWorkersThanRows", Waiting(2, 64, 16), 1, {}},
        DecideCase{"ADelayWaitsForMore", Delayed(3, microseconds(100)), 0, microseconds(400)},
        DecideCase{"ADelayEnds", Delayed(3, microseconds(500)), 3, {}},
        DecideCase{"ADelayEndsWhenTheBatchIsFull", Delayed(8, microseconds(1)), 8, {}},
        DecideCase{"ADelayEndsWhenThePoolCloses", Delayed(3, microseconds(1), true), 3, {}},
        DecideCase{"APreferredSizeGoesBeforeALargerOne", Preferring(4, Waiting(7, 64)), 4, {}},
        DecideCase{"WithoutAPreferredSizeAllGo", Preferring(0, Waiting(3, 64)), 3, {}},
        DecideCase{"APreferredSizeIsNotShared", Preferring(8, Waiting(8, 64, 2)), 8, {}},
        DecideCase{
            "APreferredSizeMayBeAboveWhatIsUseful", Preferring(8, Waiting(9, 64, 1, 2)), 8, {}},
        DecideCase{"APreferredSizeEndsADelay", Preferring(2, Delayed(3, microseconds(1))), 2, {}},
        DecideCase{"ADelayThatIsOverTakesAllThereIs",
                   Preferring(2, Delayed(3, microseconds(500))),
                   3,
                   {}}),
    [](const auto& info) { return info.param.name; });

TEST(PreferredRows, IsTheLargestSizeThatTheFirstJobsAddUpTo) {
  const std::vector<int64_t> sizes = {2, 4, 8};
  EXPECT_EQ(PreferredRows(std::vector<int64_t>{1, 2, 3, 4, 5}, sizes), 4);
  EXPECT_EQ(PreferredRows(std::vector<int64_t>{1, 2, 5}, sizes), 2);
  EXPECT_EQ(PreferredRows(std::vector<int64_t>{8}, sizes), 8);
}

TEST(PreferredRows, IsZeroWhereARequestWouldHaveToBeSplit) {
  const std::vector<int64_t> sizes = {2, 4};
  EXPECT_EQ(PreferredRows(std::vector<int64_t>{3, 6}, sizes), 0);
  EXPECT_EQ(PreferredRows(std::vector<int64_t>{1}, sizes), 0);
  EXPECT_EQ(PreferredRows({}, sizes), 0);
}

TEST(PreferredRows, IsZeroWithoutPreferredSizes) {
  EXPECT_EQ(PreferredRows(std::vector<int64_t>{1, 2}, {}), 0);
}

TEST(WorkersWorthUsing, IsOneForWorkThatIsNotWorthAWakeUp) {
  EXPECT_EQ(WorkersWorthUsing(microseconds(0), 8, microseconds(100)), 1);
  EXPECT_EQ(WorkersWorthUsing(microseconds(100), 8, microseconds(100)), 1);
}

TEST(WorkersWorthUsing, GrowsWithTheWork) {
  EXPECT_EQ(WorkersWorthUsing(microseconds(101), 8, microseconds(100)), 2);
  EXPECT_EQ(WorkersWorthUsing(microseconds(350), 8, microseconds(100)), 4);
}

TEST(WorkersWorthUsing, IsBoundedByTheFreeOnes) {
  EXPECT_EQ(WorkersWorthUsing(std::chrono::seconds(5), 3, microseconds(100)), 3);
  EXPECT_EQ(WorkersWorthUsing(std::chrono::seconds(5), 1, microseconds(100)), 1);
}

TEST(WorkersWorthUsing, IsAllOfThemWhenAWakeUpCostsNothing) {
  EXPECT_EQ(WorkersWorthUsing(microseconds(1), 3, microseconds(0)), 3);
}

TEST(ShouldWake, WakesOneWhenNoneIsAwake) {
  EXPECT_TRUE(ShouldWake({.sleeping = 2, .awake = 0}, microseconds(100)));
}

TEST(ShouldWake, LeavesASmallJobToWhoIsAwake) {
  const WakeSnapshot snapshot{.sleeping = 1, .awake = 1, .queued_work = microseconds(30)};
  EXPECT_FALSE(ShouldWake(snapshot, microseconds(100)));
}

TEST(ShouldWake, WakesAnotherForMoreWorkThanAWakeUpIsWorth) {
  const WakeSnapshot snapshot{.sleeping = 1, .awake = 1, .queued_work = microseconds(130)};
  EXPECT_TRUE(ShouldWake(snapshot, microseconds(100)));
}

TEST(ShouldWake, WakesAnotherForASmallJobWhenTheOthersAreBusyForLong) {
  const WakeSnapshot snapshot{.sleeping = 1,
                              .awake = 3,
                              .queued_work = microseconds(5),
                              .next_free = std::chrono::milliseconds(10)};
  EXPECT_TRUE(ShouldWake(snapshot, microseconds(100)));
}

TEST(ShouldWake, HasNobodyToWakeWhenAllAreAwake) {
  const WakeSnapshot snapshot{.sleeping = 0, .awake = 4, .queued_work = std::chrono::seconds(1)};
  EXPECT_FALSE(ShouldWake(snapshot, microseconds(100)));
}

TimePoint At(int microsecond) { return TimePoint(microseconds(microsecond)); }

TEST(PickQueue, TakesTheEarliestDeadline) {
  const std::vector<QueueHead> heads = {
      {At(30), microseconds(0)}, {At(10), microseconds(0)}, {At(20), microseconds(0)}};
  EXPECT_EQ(PickQueue(heads, microseconds(100)), 1u);
}

TEST(PickQueue, LetsDeadlinesDecideWithinTheSlack) {
  const std::vector<QueueHead> heads = {{At(30), microseconds(500)}, {At(10), microseconds(600)}};
  EXPECT_EQ(PickQueue(heads, microseconds(100)), 1u);
}

TEST(PickQueue, PassesOverWhoHasHadMoreThanItsShare) {
  const std::vector<QueueHead> heads = {{At(30), microseconds(500)}, {At(10), microseconds(601)}};
  EXPECT_EQ(PickQueue(heads, microseconds(100)), 0u);
}

TEST(PickQueue, TheClassThatMattersMoreGoesFirstWhateverItHasHad) {
  const std::vector<QueueHead> heads = {{At(10), microseconds(0), {Criticality::kSheddable}},
                                        {At(30), microseconds(9000), {Criticality::kCritical}},
                                        {At(20), microseconds(9101), {Criticality::kCritical}}};
  EXPECT_EQ(PickQueue(heads, microseconds(100)), 1u);
}

TEST(PickQueue, TakesTheOnlyOne) {
  const std::vector<QueueHead> heads = {{At(30), std::chrono::hours(5)}};
  EXPECT_EQ(PickQueue(heads, microseconds(0)), 0u);
}

}  // namespace
}  // namespace tournant
