#include "inference/cost_model.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace tournant {
namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;

void LearnLine(CostModel& cost, double c0, double c1, int rounds) {
  for (int i = 0; i < rounds; ++i) {
    for (const int64_t rows : {1, 2, 4, 8, 16, 32, 64}) {
      cost.Learn(rows, nanoseconds(static_cast<int64_t>(c0 + c1 * static_cast<double>(rows))));
    }
  }
}

TEST(CostModel, EstimatesNothingBeforeItHasLearnt) {
  const CostModel cost;
  EXPECT_EQ(cost.EstimateCost(64), Duration::zero());
  EXPECT_GE(cost.UsefulRows(), 1'000'000);
}

TEST(CostModel, TakesTheFirstExecutionAsItIs) {
  CostModel cost;
  cost.Learn(4, microseconds(80));
  EXPECT_EQ(cost.EstimateCost(4), microseconds(80));
}

TEST(CostModel, FindsFixedCostAndCostPerRow) {
  CostModel cost;
  LearnLine(cost, 30'000, 2'600, 2);
  EXPECT_NEAR(static_cast<double>(cost.fixed_cost().count()), 30'000, 10);
  EXPECT_NEAR(static_cast<double>(cost.row_cost().count()), 2'600, 1);
  EXPECT_NEAR(static_cast<double>(cost.EstimateCost(128).count()), 362'800, 100);
}

TEST(CostModel, KnowsHowFarOffItsEstimatesAre) {
  CostModel exact;
  EXPECT_EQ(exact.residual(), Duration::zero());
  for (int i = 0; i < 500; ++i) exact.Learn(4, microseconds(100));
  EXPECT_LT(exact.residual(), microseconds(1));

  CostModel noisy;
  for (int i = 0; i < 500; ++i) noisy.Learn(4, microseconds(i % 2 == 0 ? 90 : 110));
  EXPECT_NEAR(static_cast<double>(noisy.residual().count()), 10'000, 500);
}

TEST(CostModel, FollowsAMachineThatGetsSlower) {
  CostModel cost;
  LearnLine(cost, 30'000, 2'600, 50);
  LearnLine(cost, 90'000, 7'800, 150);
  EXPECT_NEAR(static_cast<double>(cost.fixed_cost().count()), 90'000, 900);
  EXPECT_NEAR(static_cast<double>(cost.row_cost().count()), 7'800, 78);
}

TEST(CostModel, IsHardlyMovedByOnePreemptedExecution) {
  CostModel cost;
  LearnLine(cost, 30'000, 2'600, 20);
  cost.Learn(1, std::chrono::seconds(1));
  EXPECT_LT(cost.EstimateCost(1), microseconds(40));
}

TEST(CostModel, KeepsItsSlopeWhileAllBatchesHaveOneSize) {
  CostModel cost;
  LearnLine(cost, 30'000, 2'600, 3);
  for (int i = 0; i < 5000; ++i) cost.Learn(1, nanoseconds(32'600));
  EXPECT_NEAR(static_cast<double>(cost.EstimateCost(1).count()), 32'600, 10);
  EXPECT_NEAR(static_cast<double>(cost.row_cost().count()), 2'600, 100);
}

TEST(CostModel, LearnsFromOneSizeAlone) {
  CostModel cost;
  for (int i = 0; i < 100; ++i) cost.Learn(1, microseconds(50));
  EXPECT_EQ(cost.EstimateCost(1), microseconds(50));
  EXPECT_GE(cost.EstimateCost(10), microseconds(50));
}

TEST(CostModel, NeverGoesNegativeWhateverItIsFed) {
  CostModel cost;
  SeededRng rng(7);
  for (int i = 0; i < 20'000; ++i) {
    const int64_t rows = 1 + static_cast<int64_t>(rng.Next() % 64);
    // Larger batches are cheaper here, now and then by a factor of a million.
    cost.Learn(rows, nanoseconds(rng.Next() % (rng.Next() % 10 == 0 ? 1'000'000'000 : 1'000)));
    ASSERT_GE(cost.EstimateCost(1), Duration::zero());
    ASSERT_GE(cost.EstimateCost(1'000'000'000), cost.EstimateCost(1));
    ASSERT_GE(cost.fixed_cost(), Duration::zero());
    ASSERT_GE(cost.row_cost(), Duration::zero());
    ASSERT_GE(cost.UsefulRows(), 1);
  }
}

TEST(CostModel, CallsABatchUsefulUntilTheFixedCostIsAFiftieth) {
  CostModel mlp;
  LearnLine(mlp, 30'000, 3'000, 2);
  EXPECT_NEAR(static_cast<double>(mlp.UsefulRows()), 490, 1);
  CostModel heavy;
  LearnLine(heavy, 20'000, 1'000'000, 2);
  EXPECT_EQ(heavy.UsefulRows(), 1);
}

TEST(CostModel, DoesNotLimitBatchesBeforeItIsSure) {
  CostModel cost;
  cost.Learn(1, microseconds(10));
  cost.Learn(2, microseconds(20));
  EXPECT_GE(cost.UsefulRows(), 1'000'000);
}

TEST(CostModel, CountsTheFixedCostOncePerBatchOfABacklog) {
  CostModel cost;
  LearnLine(cost, 10'000, 1'000, 2);
  EXPECT_NEAR(static_cast<double>(cost.EstimateBacklog(100, 64).count()), 120'000, 100);
  EXPECT_NEAR(static_cast<double>(cost.EstimateBacklog(3, 0).count()), 33'000, 100);
}

}  // namespace
}  // namespace tournant
