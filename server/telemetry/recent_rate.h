#pragma once

#include <deque>
#include <functional>

#include "base/clock.h"
#include "base/mutex.h"

namespace tournant {

// How fast a number has grown of late, for those who can scale by a gauge and not by a counter's
// rate. It keeps what it read when it was asked: the rate is over the last `window`, or for as long
// as nobody had asked. Thread-safe.
class RecentRate {
 public:
  // `read` gives a number that never shrinks. Both outlive it.
  RecentRate(const Clock& clock, std::function<double()> read,
             Duration window = std::chrono::seconds(15));

  // Per second. Asking more often than 16 times in a window changes nothing.
  double PerSecond();

 private:
  struct Sample {
    TimePoint time;
    double value = 0;
  };

  const Clock& clock_;
  const std::function<double()> read_;
  const Duration window_;
  Mutex mutex_;
  std::deque<Sample> samples_ ABSL_GUARDED_BY(mutex_);  // At least one, oldest first.
};

}  // namespace tournant
