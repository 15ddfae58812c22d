#include "admission/wait_correction.h"

#include <algorithm>

namespace tournant {
namespace {

constexpr double kMost = 4;
// How much of the way to what was seen is gone in an interval.
constexpr double kStep = 0.3;

}  // namespace

void WaitCorrection::Observe(TimePoint now, Duration predicted, Duration actual) {
  if (now >= interval_ends_) {
    if (predicted_ > 0) {
      const double seen = std::clamp(actual_ / predicted_, 1.0, kMost);
      factor_ += kStep * (seen - factor_);
    }
    predicted_ = actual_ = 0;
    interval_ends_ = now + kInterval;
  }
  if (predicted < kShort) return;
  predicted_ += static_cast<double>(predicted.count());
  actual_ += static_cast<double>(actual.count());
}

}  // namespace tournant
