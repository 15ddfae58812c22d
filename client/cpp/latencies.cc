#include "cpp/latencies.h"

#include <algorithm>
#include <cmath>

namespace tournant::client {

double Latencies::PercentileMs(double fraction) {
  if (values_.empty()) return 0;
  if (!sorted_) std::sort(values_.begin(), values_.end());
  sorted_ = true;
  const auto rank = static_cast<size_t>(std::ceil(fraction * static_cast<double>(values_.size())));
  const Duration value = values_[std::clamp<size_t>(rank, 1, values_.size()) - 1];
  return std::chrono::duration<double, std::milli>(value).count();
}

}  // namespace tournant::client
