#pragma once

#include <chrono>
#include <vector>

#include "base/clock.h"

namespace tournant::client {

// Collects how long calls took, every one of them, so that percentiles are exact.
class Latencies {
 public:
  void Add(Duration latency) {
    sorted_ = false;
    values_.push_back(latency);
  }
  size_t count() const { return values_.size(); }
  // The smallest value that at least `fraction` of all do not exceed, in milliseconds; 0 without
  // values. `fraction` is from 0 to 1.
  double PercentileMs(double fraction);

 private:
  std::vector<Duration> values_;
  bool sorted_ = true;
};

}  // namespace tournant::client
