#pragma once

#include <atomic>
#include <cstdint>

#include "base/clock.h"
#include "base/mutex.h"

namespace tournant {

// What an execution of a model version costs, learnt from the executions that happen:
// c(b) = c0 + c1 * b for b rows. Recursive least squares with forgetting, so that it follows a
// machine that gets busier; kept as decayed sums, which cannot wind up while all batches have the
// same size.
//
// Thread-safe. Only Learn takes a lock; estimates are a few instructions. They read the two
// coefficients apart, so that an estimate may mix two states that follow each other.
class CostModel {
 public:
  // One execution of `rows` rows took `cost`. The first ones are taken as they are, later ones that
  // are far off (a preempted worker) count as moderately off.
  void Learn(int64_t rows, Duration cost);

  // Zero until something was learnt.
  Duration EstimateCost(int64_t rows) const;
  // The cost of `rows` rows in batches of up to `batch_rows`.
  Duration EstimateBacklog(int64_t rows, int64_t batch_rows) const;
  // What `rows` rows cost as a part of a batch of `batch_rows`.
  Duration EstimateShare(int64_t rows, int64_t batch_rows) const;
  // From how many rows on a larger batch saves next to nothing: c0 is then 2 % of the cost of the
  // batch, and more rows would only make the first ones wait. At least 1.
  int64_t UsefulRows() const;

  Duration fixed_cost() const;  // c0
  Duration row_cost() const;    // c1
  // How far off estimates are, root mean square over about the last 100 executions; of one that is
  // far off as much as counts.
  Duration residual() const;

 private:
  // Samples after which an estimate is trusted enough to judge others by it.
  static constexpr int kTrusted = 8;

  Mutex mutex_;
  // Weighted sums over (x = rows, y = nanoseconds).
  double weight_ ABSL_GUARDED_BY(mutex_) = 0;
  double x_ ABSL_GUARDED_BY(mutex_) = 0;
  double xx_ ABSL_GUARDED_BY(mutex_) = 0;
  double y_ ABSL_GUARDED_BY(mutex_) = 0;
  double xy_ ABSL_GUARDED_BY(mutex_) = 0;
  // The same over the squares of the differences to what was expected.
  double misses_ ABSL_GUARDED_BY(mutex_) = 0;
  double squares_ ABSL_GUARDED_BY(mutex_) = 0;

  // Written with the lock held.
  std::atomic<int> samples_{0};  // Stops at kTrusted.
  std::atomic<double> c0_{0};    // Nanoseconds, never negative.
  std::atomic<double> c1_{0};
  std::atomic<double> residual_{0};
};

}  // namespace tournant
