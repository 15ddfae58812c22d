#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/clock.h"

namespace tournant {

// The buckets that all histograms share: sixteen to a power of two, so that a value is known to
// 1/16 of itself. Bucket i holds the integers in (UpperBound(i - 1), UpperBound(i)], which is how
// Prometheus' `le` counts; values up to 32 have a bucket each, 0 shares the first with 1.
struct HistogramBuckets {
  static constexpr int kSubBits = 4;
  // The last bucket takes everything above 2^38: 275 s in nanoseconds.
  static constexpr int kMaxBits = 38;
  static constexpr size_t kCount = (kMaxBits - kSubBits + 1) << kSubBits;

  static size_t IndexOf(uint64_t value) {
    if (value == 0) return 0;
    --value;
    if (value < (1u << kSubBits)) return value;
    const int shift = std::bit_width(value) - 1 - kSubBits;
    const size_t index = (static_cast<size_t>(shift) << kSubBits) + (value >> shift);
    return std::min(index, kCount - 1);
  }
  static uint64_t UpperBound(size_t index) {
    if (index < (2u << kSubBits)) return index + 1;
    const size_t shift = (index >> kSubBits) - 1;
    return ((index - (shift << kSubBits)) + 1) << shift;
  }
};

// What a histogram held at one moment, or the sum of several. A plain value.
class HistogramSnapshot {
 public:
  void Merge(const HistogramSnapshot& other);
  // `times` more values.
  void Add(uint64_t value, uint64_t times);

  uint64_t count() const { return count_; }
  uint64_t sum() const { return sum_; }
  // How many values were at most `bound`. Exact where `bound` is the bound of a bucket, such as a
  // power of two; else rounded down to the bucket below.
  uint64_t CountUpTo(uint64_t bound) const;
  // The upper bound of the bucket that holds the value of rank q, 0 < q <= 1; 0 when empty.
  uint64_t Quantile(double q) const;

 private:
  friend class Histogram;
  std::vector<uint64_t> counts_;  // Empty: nothing was recorded.
  uint64_t count_ = 0;
  uint64_t sum_ = 0;
};

// Counts values: nanoseconds, rows, bytes. Exactly one thread records, without a lock or a locked
// instruction; any thread may read at any time, and then sees each value or not yet. Several
// writers have a histogram each, and readers merge.
class Histogram {
 public:
  Histogram() = default;
  Histogram(const Histogram&) = delete;
  Histogram& operator=(const Histogram&) = delete;

  void Record(uint64_t value) {
    Add(counts_[HistogramBuckets::IndexOf(value)], 1);
    Add(sum_, value);
  }
  // In nanoseconds; a negative time counts as none.
  void Record(Duration time) {
    const int64_t nanos = std::chrono::duration_cast<std::chrono::nanoseconds>(time).count();
    Record(static_cast<uint64_t>(std::max<int64_t>(0, nanos)));
  }

  HistogramSnapshot Read() const;

 private:
  // One writer, so that load and store make an increment.
  static void Add(std::atomic<uint64_t>& cell, uint64_t by) {
    cell.store(cell.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }

  std::array<std::atomic<uint64_t>, HistogramBuckets::kCount> counts_{};
  std::atomic<uint64_t> sum_{0};
};

}  // namespace tournant
