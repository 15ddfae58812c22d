#include "features/deadline_budget.h"

#include "gtest/gtest.h"

namespace tournant {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

const TimePoint kNow{std::chrono::hours(5)};

TEST(DeadlineBudget, TheCapEndsALongCall) {
  EXPECT_EQ(FetchDeadline(kNow, kNow + milliseconds(500), {.cap = milliseconds(50)}),
            kNow + milliseconds(50));
  EXPECT_EQ(FetchDeadline(kNow, TimePoint::max(), {.cap = milliseconds(50)}),
            kNow + milliseconds(50));
}

TEST(DeadlineBudget, AShortCallKeepsItsReserve) {
  EXPECT_EQ(FetchDeadline(kNow, kNow + milliseconds(20),
                          {.cap = milliseconds(50), .reserve = milliseconds(5)}),
            kNow + milliseconds(15));
}

TEST(DeadlineBudget, BelowTheFloorTheStoreIsNotAsked) {
  const FetchBudget budget{.cap = milliseconds(50), .reserve = milliseconds(2)};
  EXPECT_EQ(FetchDeadline(kNow, kNow + milliseconds(3), budget), kNow + milliseconds(1));
  EXPECT_EQ(FetchDeadline(kNow, kNow + milliseconds(3) - microseconds(1), budget), std::nullopt);
  EXPECT_EQ(FetchDeadline(kNow, kNow, budget), std::nullopt);
  EXPECT_EQ(FetchDeadline(kNow, TimePoint::min(), budget), std::nullopt);
  EXPECT_EQ(FetchDeadline(kNow, kNow + milliseconds(100), {.cap = microseconds(500)}),
            std::nullopt);
}

}  // namespace
}  // namespace tournant
