#include "telemetry/histogram.h"

#include <cmath>
#include <numeric>

namespace tournant {

HistogramSnapshot Histogram::Read() const {
  HistogramSnapshot snapshot;
  snapshot.counts_.reserve(counts_.size());
  for (const std::atomic<uint64_t>& cell : counts_) {
    snapshot.counts_.push_back(cell.load(std::memory_order_relaxed));
  }
  // From the buckets and not from a counter of its own, so that the two always agree.
  snapshot.count_ = std::accumulate(snapshot.counts_.begin(), snapshot.counts_.end(), uint64_t{0});
  snapshot.sum_ = sum_.load(std::memory_order_relaxed);
  return snapshot;
}

void HistogramSnapshot::Merge(const HistogramSnapshot& other) {
  if (other.counts_.empty()) return;
  if (counts_.empty()) counts_.resize(HistogramBuckets::kCount);
  for (size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  sum_ += other.sum_;
}

void HistogramSnapshot::Add(uint64_t value, uint64_t times) {
  if (counts_.empty()) counts_.resize(HistogramBuckets::kCount);
  counts_[HistogramBuckets::IndexOf(value)] += times;
  count_ += times;
  sum_ += value * times;
}

uint64_t HistogramSnapshot::CountUpTo(uint64_t bound) const {
  uint64_t total = 0;
  // Without the last bucket, which has no upper end.
  for (size_t i = 0; i + 1 < counts_.size() && HistogramBuckets::UpperBound(i) <= bound; ++i) {
    total += counts_[i];
  }
  return total;
}

uint64_t HistogramSnapshot::Quantile(double q) const {
  if (count_ == 0) return 0;
  const auto rank = static_cast<uint64_t>(std::ceil(q * static_cast<double>(count_)));
  uint64_t seen = 0;
  for (size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (seen >= std::max<uint64_t>(rank, 1)) return HistogramBuckets::UpperBound(i);
  }
  return HistogramBuckets::UpperBound(HistogramBuckets::kCount - 1);
}

}  // namespace tournant
