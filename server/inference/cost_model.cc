#include "inference/cost_model.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

namespace tournant {
namespace {

// A memory of about 100 executions (reference: recursive least squares with forgetting 0.99).
constexpr double kForgetting = 0.99;
// How far from the estimate a measurement may count as being. A true change of speed is still
// followed within a few executions.
constexpr double kFarOff = 4;
// Spread of the batch sizes, in rows squared, below which they say nothing about the slope.
constexpr double kMinVariance = 0.01;
// c1 * b >= 49 * c0: the fixed cost is at most a fiftieth.
constexpr double kRowsPerFixedCost = 49;

double Nanoseconds(Duration duration) {
  return std::chrono::duration<double, std::nano>(duration).count();
}

Duration FromNanoseconds(double nanoseconds) {
  // Bounded so that sums of estimates cannot overflow: nothing that is served takes 12 days.
  constexpr double kMost = 1e15;
  return std::chrono::duration_cast<Duration>(
      std::chrono::nanoseconds(std::llround(std::min(nanoseconds, kMost))));
}

}  // namespace

void CostModel::Learn(int64_t rows, Duration cost) {
  const double x = static_cast<double>(rows);
  double y = std::max(0.0, Nanoseconds(cost));
  MutexLock lock(mutex_);
  double c0 = c0_.load(std::memory_order_relaxed);
  double c1 = c1_.load(std::memory_order_relaxed);
  const int samples = samples_.load(std::memory_order_relaxed);
  const double expected = c0 + c1 * x;
  if (samples >= kTrusted) {
    if (expected > 0) y = std::min(y, kFarOff * expected);
  } else {
    samples_.store(samples + 1, std::memory_order_relaxed);
  }

  if (samples > 0) {
    misses_ = misses_ * kForgetting + 1;
    squares_ = squares_ * kForgetting + (y - expected) * (y - expected);
    residual_.store(std::sqrt(squares_ / misses_), std::memory_order_relaxed);
  }

  weight_ = weight_ * kForgetting + 1;
  x_ = x_ * kForgetting + x;
  xx_ = xx_ * kForgetting + x * x;
  y_ = y_ * kForgetting + y;
  xy_ = xy_ * kForgetting + x * y;

  const double mean_x = x_ / weight_;
  const double mean_y = y_ / weight_;
  const double variance = xx_ / weight_ - mean_x * mean_x;
  // With one size of batch only, the slope that is known stays.
  if (variance > kMinVariance) c1 = (xy_ / weight_ - mean_x * mean_y) / variance;
  c1 = std::max(0.0, c1);
  c0 = mean_y - c1 * mean_x;
  if (c0 < 0) {
    c0 = 0;
    c1 = xy_ / xx_;  // The best line through the origin.
  }
  c0_.store(c0, std::memory_order_relaxed);
  c1_.store(c1, std::memory_order_relaxed);
}

Duration CostModel::EstimateCost(int64_t rows) const {
  return FromNanoseconds(c0_.load(std::memory_order_relaxed) +
                         c1_.load(std::memory_order_relaxed) * static_cast<double>(rows));
}

Duration CostModel::EstimateBacklog(int64_t rows, int64_t batch_rows) const {
  const int64_t full = std::max<int64_t>(1, batch_rows);
  const int64_t batches = (rows + full - 1) / full;
  return FromNanoseconds(c0_.load(std::memory_order_relaxed) * static_cast<double>(batches) +
                         c1_.load(std::memory_order_relaxed) * static_cast<double>(rows));
}

Duration CostModel::EstimateShare(int64_t rows, int64_t batch_rows) const {
  const double part = static_cast<double>(rows);
  const double full = static_cast<double>(std::max(rows, batch_rows));
  return FromNanoseconds(c0_.load(std::memory_order_relaxed) * part / std::max(1.0, full) +
                         c1_.load(std::memory_order_relaxed) * part);
}

int64_t CostModel::UsefulRows() const {
  constexpr double kUnlimited = 1e6;
  const double c0 = c0_.load(std::memory_order_relaxed);
  const double c1 = c1_.load(std::memory_order_relaxed);
  if (samples_.load(std::memory_order_relaxed) < kTrusted ||
      kRowsPerFixedCost * c0 >= kUnlimited * c1) {
    return static_cast<int64_t>(kUnlimited);
  }
  return std::max<int64_t>(1, std::llround(std::ceil(kRowsPerFixedCost * c0 / c1)));
}

Duration CostModel::fixed_cost() const {
  return FromNanoseconds(c0_.load(std::memory_order_relaxed));
}

Duration CostModel::residual() const {
  return FromNanoseconds(residual_.load(std::memory_order_relaxed));
}

Duration CostModel::row_cost() const {
  return FromNanoseconds(c1_.load(std::memory_order_relaxed));
}

}  // namespace tournant
