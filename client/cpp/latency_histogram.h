#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <ratio>
#include <type_traits>
#include <vector>

#include "base/clock.h"

namespace tournant::client {

// Counts times in log-linear buckets, 128 to a power of two, so that a percentile is known to 1
// part in 128 or better; below 256 ns, and for the largest and the smallest time, it is exact.
// Memory is 41 KiB from the first time on, however many follow. Times above 39 hours count as
// that, negative ones as none. A plain value; one thread.
class LatencyHistogram {
 public:
  void Add(Duration latency);
  void Merge(const LatencyHistogram& other);

  uint64_t count() const { return count_; }
  Duration min() const { return Duration(count_ == 0 ? 0 : min_); }
  Duration max() const { return Duration(max_); }
  Duration mean() const;
  // The smallest time that at least `fraction` (0 to 1) of all do not exceed, rounded up to the end
  // of its bucket; 0 without times.
  Duration Percentile(double fraction) const;

 private:
  static_assert(std::is_same_v<Duration::period, std::nano>);
  static constexpr int kSubBits = 7;
  static constexpr int kMaxBits = 47;
  static constexpr size_t kBuckets = (kMaxBits - kSubBits + 1) << kSubBits;

  // Values below 2 << kSubBits have a bucket each.
  static size_t IndexOf(uint64_t nanos) {
    const int shift = std::max(0, static_cast<int>(std::bit_width(nanos)) - 1 - kSubBits);
    return (static_cast<size_t>(shift) << kSubBits) + (nanos >> shift);
  }
  static uint64_t LargestIn(size_t index) {
    if (index < (size_t{2} << kSubBits)) return index;
    const size_t shift = (index >> kSubBits) - 1;
    return ((index - (shift << kSubBits) + 1) << shift) - 1;
  }

  std::vector<uint64_t> buckets_;  // Empty without times.
  uint64_t count_ = 0;
  int64_t min_ = 0;  // In nanoseconds, like the next two.
  int64_t max_ = 0;
  double sum_ = 0;
};

}  // namespace tournant::client
