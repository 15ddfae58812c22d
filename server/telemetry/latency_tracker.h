#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "base/clock.h"
#include "base/mutex.h"
#include "telemetry/histogram.h"

namespace tournant {

// How long something takes of late: quantiles of the last few hundred times, older ones weighing
// less. For decisions, where a Histogram is for reports. Thread-safe; reading takes no lock.
class LatencyTracker {
 public:
  void Record(Duration took);

  // Zero until enough was recorded to tell.
  Duration p50() const { return Duration(p50_.load(std::memory_order_relaxed)); }
  Duration p95() const { return Duration(p95_.load(std::memory_order_relaxed)); }
  Duration p99() const { return Duration(p99_.load(std::memory_order_relaxed)); }

 private:
  static constexpr int64_t kEnough = 20;     // Of so few the 95th percentile is the worst but one.
  static constexpr int64_t kRefresh = 16;    // Times between two looks at the counts.
  static constexpr int64_t kHalfLife = 512;  // Times after which older ones count half.

  Duration::rep Quantile(double q) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Refresh() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Mutex mutex_;
  std::array<uint32_t, HistogramBuckets::kCount> counts_ ABSL_GUARDED_BY(mutex_){};
  int64_t weight_ ABSL_GUARDED_BY(mutex_) = 0;  // Sum of `counts_`.
  int64_t recorded_ ABSL_GUARDED_BY(mutex_) = 0;

  std::atomic<Duration::rep> p50_{0};
  std::atomic<Duration::rep> p95_{0};
  std::atomic<Duration::rep> p99_{0};
};

}  // namespace tournant
