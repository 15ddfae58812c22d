#include "bench/latencies.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

namespace tournant {

void Latencies::Add(Duration latency) {
  const int64_t nanos = std::chrono::duration_cast<std::chrono::nanoseconds>(latency).count();
  nanos_.push_back(
      static_cast<uint32_t>(std::clamp<int64_t>(nanos, 0, std::numeric_limits<uint32_t>::max())));
  sorted_ = false;
}

double Latencies::MicrosAt(double part) {
  if (nanos_.empty()) return 0;
  if (!sorted_) std::sort(nanos_.begin(), nanos_.end());
  sorted_ = true;
  const double rank = std::ceil(part * static_cast<double>(nanos_.size()));
  const size_t index = static_cast<size_t>(std::max(1.0, rank)) - 1;
  return nanos_[std::min(index, nanos_.size() - 1)] / 1000.0;
}

}  // namespace tournant
