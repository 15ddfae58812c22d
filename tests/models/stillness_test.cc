#include "models/stillness.h"

#include <gtest/gtest.h>

namespace tournant {
namespace {

TEST(Stillness, IsHavingLookedTheSameForAPeriod) {
  constexpr auto kPeriod = std::chrono::seconds(10);
  Stillness stillness(kPeriod);
  const TimePoint start{};
  EXPECT_FALSE(stillness.Settled("m", "a", start));
  EXPECT_FALSE(stillness.Settled("m", "a", start + kPeriod / 2));
  EXPECT_TRUE(stillness.Settled("m", "a", start + kPeriod));
  EXPECT_FALSE(stillness.Settled("m", "b", start + kPeriod));
  EXPECT_FALSE(stillness.Settled("other", "b", start + 2 * kPeriod));
  EXPECT_TRUE(stillness.Settled("m", "b", start + 2 * kPeriod));
  stillness.KeepOnly({"other"});
  EXPECT_FALSE(stillness.Settled("m", "b", start + 3 * kPeriod));
  stillness.Settle("m", "c", start);
  EXPECT_TRUE(stillness.Settled("m", "c", start));
}

}  // namespace
}  // namespace tournant
