#include "cpp/latency_histogram.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <vector>

#include "base/rng.h"
#include "cpp/draw.h"
#include "gtest/gtest.h"

namespace tournant::client {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// Times over nine powers of ten.
std::vector<Duration> Spread(uint64_t seed, int count) {
  SeededRng rng(seed);
  std::vector<Duration> times;
  times.reserve(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    times.emplace_back(static_cast<int64_t>(std::pow(10, 13 * DrawFraction(rng))));
  }
  return times;
}

TEST(LatencyHistogram, PercentilesAreWithinOnePartIn128AndNeverTooSmall) {
  std::vector<Duration> times = Spread(1, 20'000);
  LatencyHistogram histogram;
  for (const Duration time : times) histogram.Add(time);
  std::sort(times.begin(), times.end());
  for (const double fraction : {0.0, 0.001, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 1.0}) {
    const auto rank = static_cast<size_t>(std::ceil(fraction * 20'000));
    const int64_t exact = times[std::max<size_t>(rank, 1) - 1].count();
    const int64_t found = histogram.Percentile(fraction).count();
    EXPECT_GE(found, exact) << fraction;
    EXPECT_LE(found, exact + exact / 128) << fraction;
  }
}

TEST(LatencyHistogram, TheSmallestAndTheLargestTimeAreExact) {
  LatencyHistogram histogram;
  for (const int64_t time : {1'234'567'891L, 98'765'432'123L, 5'555'555'555L}) {
    histogram.Add(Duration(time));
  }
  EXPECT_EQ(histogram.min(), Duration(1'234'567'891));
  EXPECT_EQ(histogram.Percentile(0), Duration(1'234'567'891));
  EXPECT_EQ(histogram.max(), Duration(98'765'432'123));
  EXPECT_EQ(histogram.Percentile(1), Duration(98'765'432'123));
  EXPECT_EQ(histogram.mean(), Duration((1'234'567'891 + 98'765'432'123 + 5'555'555'555) / 3));
}

TEST(LatencyHistogram, TimesBelow256NanosecondsAreExact) {
  LatencyHistogram histogram;
  for (int64_t time = 0; time < 256; ++time) histogram.Add(Duration(time));
  for (int64_t time = 0; time < 256; ++time) {
    EXPECT_EQ(histogram.Percentile(static_cast<double>(time + 1) / 256), Duration(time));
  }
}

TEST(LatencyHistogram, OfOneTimeAndOfNone) {
  LatencyHistogram histogram;
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.Percentile(0.99), Duration(0));
  EXPECT_EQ(histogram.mean(), Duration(0));
  histogram.Add(milliseconds(7));
  EXPECT_EQ(histogram.Percentile(0.01), milliseconds(7));
  EXPECT_EQ(histogram.Percentile(0.99), milliseconds(7));
}

TEST(LatencyHistogram, MergingIsAsIfAllTimesHadBeenAddedToOne) {
  LatencyHistogram whole;
  LatencyHistogram merged;
  merged.Merge(LatencyHistogram());
  for (uint64_t part = 0; part < 3; ++part) {
    LatencyHistogram one;
    for (const Duration time : Spread(part, 1000)) {
      whole.Add(time);
      one.Add(time);
    }
    merged.Merge(one);
    merged.Merge(LatencyHistogram());
  }
  EXPECT_EQ(merged.count(), 3000U);
  EXPECT_EQ(merged.min(), whole.min());
  EXPECT_EQ(merged.max(), whole.max());
  EXPECT_EQ(merged.mean(), whole.mean());
  for (const double fraction : {0.01, 0.5, 0.99}) {
    EXPECT_EQ(merged.Percentile(fraction), whole.Percentile(fraction));
  }
}

TEST(LatencyHistogram, NegativeTimesCountAsNoneAndEndlessOnesAs39Hours) {
  LatencyHistogram histogram;
  histogram.Add(nanoseconds(-5));
  EXPECT_EQ(histogram.max(), Duration(0));
  histogram.Add(hours(1000));
  EXPECT_EQ(histogram.count(), 2U);
  EXPECT_GT(histogram.max(), hours(39));
  EXPECT_LT(histogram.max(), hours(40));
  // Above the longest deadline, with time to spare.
  histogram.Add(hours(25));
  EXPECT_EQ(histogram.count(), 3U);
}

}  // namespace
}  // namespace tournant::client
