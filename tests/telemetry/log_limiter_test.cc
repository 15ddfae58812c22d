#include "telemetry/log_limiter.h"

#include <gtest/gtest.h>

#include <chrono>

namespace tournant {
namespace {

using std::chrono::seconds;

TEST(LogLimiter, OneLineInAPeriodPassesAndSaysHowManyDidNot) {
  LogLimiter limiter(seconds(10));
  const TimePoint start = TimePoint() + seconds(5);
  EXPECT_EQ(limiter.Pass(start), 0);
  EXPECT_EQ(limiter.Pass(start), std::nullopt);
  EXPECT_EQ(limiter.Pass(start + seconds(9)), std::nullopt);
  EXPECT_EQ(limiter.Pass(start + seconds(10)), 2);
  EXPECT_EQ(limiter.Pass(start + seconds(11)), std::nullopt);
  EXPECT_EQ(limiter.Pass(start + seconds(60)), 1);
}

}  // namespace
}  // namespace tournant
