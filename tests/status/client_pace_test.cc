#include "status/client_pace.h"

#include <gtest/gtest.h>

namespace tournant {
namespace {

using std::chrono::seconds;

TEST(ClientPace, GivesAGraceAndThenTimeForWhatHasPassed) {
  const ClientPace pace{.grace = seconds(2), .bytes_per_second = 1000};
  const TimePoint begun{seconds(100)};
  EXPECT_EQ(pace.Deadline(begun, 0), begun + seconds(2));
  EXPECT_EQ(pace.Deadline(begun, 3000), begun + seconds(5));
  EXPECT_LT(pace.Deadline(begun, 9), begun + seconds(2) + std::chrono::milliseconds(10))
      << "a byte now and then is as good as none";
}

}  // namespace
}  // namespace tournant
