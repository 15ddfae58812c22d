#include "telemetry/histogram.h"

#include <gtest/gtest.h>

#include "base/thread.h"

namespace tournant {
namespace {

TEST(HistogramBuckets, GiveEachNumberUpTo32ABucketOfItsOwn) {
  EXPECT_EQ(HistogramBuckets::IndexOf(0), 0u);
  for (uint64_t value = 1; value <= 32; ++value) {
    EXPECT_EQ(HistogramBuckets::IndexOf(value), value - 1);
    EXPECT_EQ(HistogramBuckets::UpperBound(value - 1), value);
  }
  EXPECT_EQ(HistogramBuckets::IndexOf(33), HistogramBuckets::IndexOf(34));
}

TEST(HistogramBuckets, HoldTheirUpperBoundAndNothingAboveIt) {
  for (size_t i = 0; i + 1 < HistogramBuckets::kCount; ++i) {
    ASSERT_EQ(HistogramBuckets::IndexOf(HistogramBuckets::UpperBound(i)), i);
    ASSERT_EQ(HistogramBuckets::IndexOf(HistogramBuckets::UpperBound(i) + 1), i + 1);
  }
}

TEST(HistogramBuckets, AreNoWiderThanASixteenthOfWhatTheyHold) {
  for (size_t i = 1; i < HistogramBuckets::kCount; ++i) {
    const uint64_t lower = HistogramBuckets::UpperBound(i - 1);
    const uint64_t width = HistogramBuckets::UpperBound(i) - lower;
    ASSERT_TRUE(width == 1 || width * 16 <= lower) << i;
  }
}

TEST(HistogramBuckets, PutTheLargestNumbersInTheLast) {
  EXPECT_EQ(HistogramBuckets::IndexOf(~uint64_t{0}), HistogramBuckets::kCount - 1);
  EXPECT_EQ(HistogramBuckets::IndexOf((uint64_t{1} << 38) + 1), HistogramBuckets::kCount - 1);
}

TEST(Histogram, KnowsCountSumAndQuantiles) {
  Histogram histogram;
  for (uint64_t value = 1; value <= 100; ++value) histogram.Record(value);
  const HistogramSnapshot snapshot = histogram.Read();
  EXPECT_EQ(snapshot.count(), 100u);
  EXPECT_EQ(snapshot.sum(), 5050u);
  EXPECT_EQ(snapshot.Quantile(0.01), 1u);
  EXPECT_EQ(snapshot.Quantile(0.25), 25u);
  EXPECT_EQ(snapshot.Quantile(0.5), 50u);
  EXPECT_EQ(snapshot.Quantile(0.99), 100u);  // The bucket (96, 100].
  EXPECT_EQ(snapshot.Quantile(1), 100u);
}

TEST(Histogram, CountsUpToABoundWithTheBoundItself) {
  Histogram histogram;
  for (uint64_t value : {1, 16, 16, 17, 64, 65, 1000}) histogram.Record(value);
  const HistogramSnapshot snapshot = histogram.Read();
  EXPECT_EQ(snapshot.CountUpTo(0), 0u);
  EXPECT_EQ(snapshot.CountUpTo(1), 1u);
  EXPECT_EQ(snapshot.CountUpTo(16), 3u);
  EXPECT_EQ(snapshot.CountUpTo(32), 4u);
  EXPECT_EQ(snapshot.CountUpTo(64), 5u);
  EXPECT_EQ(snapshot.CountUpTo(1024), 7u);
}

TEST(Histogram, LeavesWhatIsOutOfRangeToTheInfiniteBucket) {
  Histogram histogram;
  histogram.Record(~uint64_t{0} >> 1);
  EXPECT_EQ(histogram.Read().count(), 1u);
  EXPECT_EQ(histogram.Read().CountUpTo(~uint64_t{0}), 0u);
}

TEST(Histogram, RecordsTimesInNanosecondsAndTakesNegativeOnesAsNone) {
  Histogram histogram;
  histogram.Record(std::chrono::microseconds(2));
  histogram.Record(std::chrono::nanoseconds(-5));
  EXPECT_EQ(histogram.Read().sum(), 2000u);
  EXPECT_EQ(histogram.Read().count(), 2u);
  EXPECT_EQ(histogram.Read().CountUpTo(1), 1u);
}

TEST(HistogramSnapshot, OfNothingIsZero) {
  EXPECT_EQ(HistogramSnapshot().count(), 0u);
  EXPECT_EQ(HistogramSnapshot().Quantile(0.5), 0u);
  EXPECT_EQ(HistogramSnapshot().CountUpTo(100), 0u);
  EXPECT_EQ(Histogram().Read().Quantile(0.5), 0u);
}

TEST(HistogramSnapshot, MergesSeveralWriters) {
  Histogram first, second;
  first.Record(uint64_t{10});
  second.Record(uint64_t{20});
  second.Record(uint64_t{30});
  HistogramSnapshot sum;
  sum.Merge(HistogramSnapshot());
  sum.Merge(first.Read());
  sum.Merge(second.Read());
  EXPECT_EQ(sum.count(), 3u);
  EXPECT_EQ(sum.sum(), 60u);
  EXPECT_EQ(sum.Quantile(0.5), 20u);
}

TEST(Histogram, CanBeReadWhileAnotherThreadRecords) {
  constexpr uint64_t kValues = 20'000;
  Histogram histogram;
  Thread writer("writer", [&] {
    for (uint64_t i = 0; i < kValues; ++i) histogram.Record(i % 50);
  });
  uint64_t last = 0;
  while (last < kValues) {
    const uint64_t now = histogram.Read().count();
    ASSERT_GE(now, last);
    last = now;
  }
  EXPECT_EQ(last, kValues);
}

}  // namespace
}  // namespace tournant
