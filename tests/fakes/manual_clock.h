#pragma once

#include <atomic>

#include "base/clock.h"

namespace tournant {

// A clock that moves when told. Starts at an arbitrary moment that is not zero. Any thread may look
// at it, one thread moves it.
class ManualClock final : public Clock {
 public:
  TimePoint Now() const override { return now_; }
  WallTime WallNow() const override { return wall_; }

  void Advance(Duration by) {
    now_ = now_.load() + by;
    wall_ = wall_.load() + std::chrono::duration_cast<WallTime::duration>(by);
  }
  void SetWall(WallTime wall) { wall_ = wall; }

 private:
  std::atomic<TimePoint> now_{TimePoint(std::chrono::hours(1000))};
  std::atomic<WallTime> wall_{WallTime(std::chrono::seconds(1'700'000'000))};
};

}  // namespace tournant
