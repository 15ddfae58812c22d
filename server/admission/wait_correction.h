#pragma once

#include <chrono>

#include "base/clock.h"

namespace tournant {

// How much longer calls wait than is predicted: what the prediction does not know, such as a
// machine that is shared, or calls of higher classes that come later, shows in the waits of those
// that were let in. Follows within a few intervals in both directions, and never trusts a
// prediction to be too long. After Breakwater's idea that delay is what admission has to answer to.
//
// Not thread-safe.
class WaitCorrection {
 public:
  // From 1, as predicted, to 4. Without waits worth a comparison what was learnt wears off, half of
  // it in two thirds of a second: a factor that lets nobody wait would else never be put right.
  double FactorAt(TimePoint now);
  double last_factor() const { return factor_; }

  // A call for which `predicted` was foretold without the correction waited `actual`. Short waits
  // say nothing.
  void Observe(TimePoint now, Duration predicted, Duration actual);

 private:
  void EndInterval(TimePoint now);

  static constexpr Duration kInterval = std::chrono::milliseconds(100);
  static constexpr Duration kShort = std::chrono::milliseconds(1);

  double factor_ = 1;
  TimePoint interval_ends_ = TimePoint::min();
  double predicted_ = 0;  // Sums of the interval.
  double actual_ = 0;
};

}  // namespace tournant
