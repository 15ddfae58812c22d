#include "admission/wait_correction.h"

#include <algorithm>
#include <cmath>

namespace tournant {
namespace {

constexpr double kMost = 4;
// How much of the way to what was seen is gone in an interval.
constexpr double kStep = 0.3;
// Of what was learnt, in an interval without waits.
constexpr double kKept = 0.9;

}  // namespace

double WaitCorrection::FactorAt(TimePoint now) {
  EndInterval(now);
  return factor_;
}

void WaitCorrection::Observe(TimePoint now, Duration predicted, Duration actual) {
  EndInterval(now);
  if (predicted < kShort) return;
  predicted_ += static_cast<double>(predicted.count());
  actual_ += static_cast<double>(actual.count());
}

void WaitCorrection::EndInterval(TimePoint now) {
  if (now < interval_ends_) return;
  if (interval_ends_ != TimePoint::min()) {
    auto empty = (now - interval_ends_) / kInterval;
    if (predicted_ > 0) {
      const double seen = std::clamp(actual_ / predicted_, 1.0, kMost);
      factor_ += kStep * (seen - factor_);
    } else {
      ++empty;
    }
    factor_ = 1 + (factor_ - 1) * std::pow(kKept, static_cast<double>(empty));
  }
  predicted_ = actual_ = 0;
  interval_ends_ = now + kInterval;
}

}  // namespace tournant
