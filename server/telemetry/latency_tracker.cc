#include "telemetry/latency_tracker.h"

#include <algorithm>
#include <cmath>

namespace tournant {

static_assert(std::is_same_v<Duration, std::chrono::nanoseconds>);

void LatencyTracker::Record(Duration took) {
  const auto nanos = static_cast<uint64_t>(std::max<Duration::rep>(took.count(), 0));
  MutexLock lock(mutex_);
  ++counts_[HistogramBuckets::IndexOf(nanos)];
  ++weight_;
  ++recorded_;
  if (recorded_ >= kEnough && (recorded_ == kEnough || recorded_ % kRefresh == 0)) Refresh();
  if (recorded_ % kHalfLife != 0) return;
  weight_ = 0;
  for (uint32_t& count : counts_) weight_ += count /= 2;
}

void LatencyTracker::Refresh() {
  p50_.store(Quantile(0.5), std::memory_order_relaxed);
  p95_.store(Quantile(0.95), std::memory_order_relaxed);
  p99_.store(Quantile(0.99), std::memory_order_relaxed);
}

Duration::rep LatencyTracker::Quantile(double q) const {
  const auto rank = static_cast<int64_t>(std::ceil(q * static_cast<double>(weight_)));
  int64_t seen = 0;
  for (size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (seen >= rank) return static_cast<Duration::rep>(HistogramBuckets::UpperBound(i));
  }
  return 0;
}

}  // namespace tournant
