#include "cpp/arrival_schedule.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <vector>

#include "gtest/gtest.h"

namespace tournant::client {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr TimePoint kStart{std::chrono::hours(7)};

// When the first `count` calls are due, from the start.
std::vector<Duration> Due(ArrivalSchedule::Options options, int count, uint64_t seed = 1) {
  options.start = kStart;
  ArrivalSchedule schedule(options, std::make_unique<SeededRng>(seed));
  std::vector<Duration> due;
  for (int i = 0; i < count; ++i, schedule.Advance()) due.push_back(schedule.next() - kStart);
  return due;
}

TEST(ArrivalSchedule, ConstantCallsAreDueAtEqualDistances) {
  EXPECT_EQ(
      Due({.arrivals = Arrivals::kConstant, .calls_per_s = 1000}, 4),
      (std::vector<Duration>{milliseconds(0), milliseconds(1), milliseconds(2), milliseconds(3)}));
}

TEST(ArrivalSchedule, ConstantCallsDoNotDriftWhereTheDistanceIsNoWholeNumber) {
  const auto due = Due({.arrivals = Arrivals::kConstant, .calls_per_s = 3}, 300'001);
  EXPECT_EQ(due.back(), seconds(100'000));
}

TEST(ArrivalSchedule, SharesOfAConstantRateFallBetweenEachOther) {
  std::vector<Duration> all;
  for (int share = 0; share < 3; ++share) {
    const auto due =
        Due({.arrivals = Arrivals::kConstant, .calls_per_s = 1000, .shares = 3, .share = share}, 2);
    all.insert(all.end(), due.begin(), due.end());
  }
  std::sort(all.begin(), all.end());
  for (int i = 0; i < 6; ++i) EXPECT_EQ(all[static_cast<size_t>(i)], milliseconds(i));
}

TEST(ArrivalSchedule, PoissonGapsHaveTheMeanAndTheSpreadOfAnExponentialDistribution) {
  const int count = 200'000;
  const auto due = Due({.arrivals = Arrivals::kPoisson, .calls_per_s = 1000}, count);
  const double mean = std::chrono::duration<double>(due.back()).count() / count;
  EXPECT_NEAR(mean, 0.001, 0.00001);
  double squares = 0;
  int above_mean = 0;
  Duration before{};
  for (const Duration at : due) {
    const double gap = std::chrono::duration<double>(at - before).count();
    squares += (gap - mean) * (gap - mean);
    above_mean += gap > mean ? 1 : 0;
    before = at;
  }
  EXPECT_NEAR(std::sqrt(squares / count), 0.001, 0.00002);
  EXPECT_NEAR(static_cast<double>(above_mean) / count, std::exp(-1), 0.005);
}

TEST(ArrivalSchedule, SharesOfAPoissonProcessHaveItsRateTogether) {
  const auto due =
      Due({.arrivals = Arrivals::kPoisson, .calls_per_s = 1000, .shares = 4, .share = 1}, 50'000);
  EXPECT_NEAR(std::chrono::duration<double>(due.back()).count(), 200, 3);
}

TEST(ArrivalSchedule, EqualSeedsGiveEqualTimesAndOthersOthers) {
  const ArrivalSchedule::Options options{.arrivals = Arrivals::kPoisson, .calls_per_s = 50};
  EXPECT_EQ(Due(options, 100, 7), Due(options, 100, 7));
  EXPECT_NE(Due(options, 100, 7), Due(options, 100, 8));
}

TEST(ArrivalSchedule, NoCallIsDueBeforeTheOneBeforeIt) {
  const auto due = Due({.arrivals = Arrivals::kPoisson, .calls_per_s = 1e6}, 10'000);
  EXPECT_TRUE(std::is_sorted(due.begin(), due.end()));
  EXPECT_GE(due.front(), microseconds(0));
}

}  // namespace
}  // namespace tournant::client
