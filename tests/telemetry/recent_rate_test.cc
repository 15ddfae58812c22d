#include "telemetry/recent_rate.h"

#include <gtest/gtest.h>

#include "fakes/manual_clock.h"

namespace tournant {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class RecentRateTest : public testing::Test {
 protected:
  double After(Duration time, double more) {
    clock_.Advance(time);
    value_ += more;
    return rate_.PerSecond();
  }

  ManualClock clock_;
  double value_ = 100;
  RecentRate rate_{clock_, [this] { return value_; }, seconds(15)};
};

TEST_F(RecentRateTest, IsZeroBeforeAnyTimeHasPassed) { EXPECT_EQ(After(seconds(0), 5), 0); }

TEST_F(RecentRateTest, CountsFromItsStartAtFirst) {
  EXPECT_DOUBLE_EQ(After(seconds(2), 4), 2);
  EXPECT_DOUBLE_EQ(After(seconds(2), 8), 3);
}

TEST_F(RecentRateTest, ForgetsWhatWasBeforeTheWindow) {
  for (int i = 0; i < 30; ++i) After(seconds(1), 10);
  EXPECT_DOUBLE_EQ(After(seconds(1), 10), 10);
  for (int i = 0; i < 16; ++i) After(seconds(1), 0);
  EXPECT_DOUBLE_EQ(After(seconds(1), 0), 0);
}

TEST_F(RecentRateTest, IsOverTheTimeSinceItWasAskedWhereThatIsLonger) {
  After(seconds(1), 1);
  EXPECT_DOUBLE_EQ(After(seconds(60), 120), 2);
  EXPECT_DOUBLE_EQ(After(seconds(60), 240), 4);
}

TEST_F(RecentRateTest, IsTheSameForOneWhoAsksOftenAndOneWhoDoesNot) {
  for (int i = 0; i < 3000; ++i) After(milliseconds(10), 0.05);
  EXPECT_NEAR(After(milliseconds(10), 0.05), 5, 1e-6);
}

}  // namespace
}  // namespace tournant
