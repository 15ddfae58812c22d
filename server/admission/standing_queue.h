#pragma once

#include <chrono>

#include "base/clock.h"

namespace tournant {

// The net below admission: tells when a queue stands, that is, when for an interval even the call
// that waited least has used up most of its time. CoDel's rule in the form of folly's
// (executors/Codel.cpp: minimum over 100 ms), with waits as parts of the time that each call had,
// since calls here differ in their patience by orders of magnitude.
//
// Not thread-safe.
class StandingQueue {
 public:
  // A call is taken that has used up `used`, 0 to 1, of the time that it had when it came. True: it
  // should be let go unserved, in favour of those that can still be served in good time.
  bool ShouldShed(TimePoint now, double used);

  bool stands() const { return stands_; }

 private:
  static constexpr Duration kInterval = std::chrono::milliseconds(100);
  static constexpr double kTarget = 0.8;  // What a critical call may be let in with.
  static constexpr double kShedAbove = 0.9;

  bool stands_ = false;
  TimePoint interval_ends_ = TimePoint::min();
  double least_used_ = 1;
  bool any_ = false;
};

}  // namespace tournant
