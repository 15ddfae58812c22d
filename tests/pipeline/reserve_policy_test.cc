#include "pipeline/reserve_policy.h"

#include "gtest/gtest.h"

namespace tournant {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kMargin{5};
constexpr std::chrono::seconds kLong{1};

TEST(ReservePolicy, KeepsWhatComputingAtItsSlowestAndWaitingUsuallyTake) {
  const ComputeTimesAhead ahead{milliseconds(2), milliseconds(30), milliseconds(4)};
  EXPECT_EQ(FeatureReserve(ahead, kLong, kMargin), milliseconds(30 + 4 + 5));
}

TEST(ReservePolicy, TakesTwiceTheEstimateWhileNoCallHasTold) {
  EXPECT_EQ(FeatureReserve({.estimated_cost = milliseconds(10)}, kLong, kMargin), milliseconds(25));
  EXPECT_EQ(FeatureReserve({}, kLong, kMargin), kMargin);
}

TEST(ReservePolicy, ACallOfMoreRowsThanUsualKeepsWhatTheyCost) {
  EXPECT_EQ(FeatureReserve({milliseconds(80), milliseconds(30), {}}, kLong, kMargin),
            milliseconds(85));
}

TEST(ReservePolicy, LeavesThreeQuartersOfAShortCallToTheStore) {
  const ComputeTimesAhead ahead{milliseconds(2), milliseconds(30), milliseconds(4)};
  EXPECT_EQ(FeatureReserve(ahead, milliseconds(20), kMargin), milliseconds(5));
}

}  // namespace
}  // namespace tournant
