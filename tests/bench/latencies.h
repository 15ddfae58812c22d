#pragma once

#include <cstdint>
#include <vector>

#include "base/clock.h"

namespace tournant {

// Every latency of a run, kept as it is: percentiles are exact. One thread only.
class Latencies {
 public:
  // Room ahead, so that a measurement does not measure a growing vector.
  explicit Latencies(size_t expected) { nanos_.reserve(expected); }

  void Add(Duration latency);
  size_t count() const { return nanos_.size(); }

  // The smallest latency that `part` (0 to 1) of all are not above, in microseconds; 0 when there
  // are none. Sorts.
  double MicrosAt(double part);

 private:
  std::vector<uint32_t> nanos_;  // 4.2 s at most, longer ones count as that.
  bool sorted_ = false;
};

}  // namespace tournant
