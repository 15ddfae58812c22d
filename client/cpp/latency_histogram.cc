#include "cpp/latency_histogram.h"

#include <algorithm>
#include <cmath>

namespace tournant::client {

void LatencyHistogram::Add(Duration latency) {
  const int64_t nanos = std::clamp<int64_t>(latency.count(), 0, (int64_t{1} << kMaxBits) - 1);
  if (buckets_.empty()) buckets_.resize(kBuckets);
  ++buckets_[IndexOf(static_cast<uint64_t>(nanos))];
  min_ = count_ == 0 ? nanos : std::min(min_, nanos);
  max_ = std::max(max_, nanos);
  sum_ += static_cast<double>(nanos);
  ++count_;
}

void LatencyHistogram::Merge(const LatencyHistogram& other) {
  if (other.count_ == 0) return;
  if (buckets_.empty()) buckets_.resize(kBuckets);
  for (size_t i = 0; i < kBuckets; ++i) buckets_[i] += other.buckets_[i];
  min_ = count_ == 0 ? other.min_ : std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
  sum_ += other.sum_;
  count_ += other.count_;
}

Duration LatencyHistogram::mean() const {
  if (count_ == 0) return Duration(0);
  return Duration(static_cast<int64_t>(sum_ / static_cast<double>(count_)));
}

Duration LatencyHistogram::Percentile(double fraction) const {
  if (count_ == 0) return Duration(0);
  const auto rank = std::clamp<uint64_t>(
      static_cast<uint64_t>(std::ceil(fraction * static_cast<double>(count_))), 1, count_);
  if (rank == 1) return min();
  uint64_t seen = 0;
  size_t index = 0;
  while ((seen += buckets_[index]) < rank) ++index;
  return std::min(max(), Duration(static_cast<int64_t>(LargestIn(index))));
}

}  // namespace tournant::client
