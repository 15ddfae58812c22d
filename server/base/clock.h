#pragma once

#include <chrono>

namespace tournant {

// Monotonic time: deadlines, waits, latencies.
using TimePoint = std::chrono::steady_clock::time_point;
using Duration = std::chrono::steady_clock::duration;
// Time of day: feature freshness, log records. It may jump.
using WallTime = std::chrono::system_clock::time_point;

// The only source of time. Thread-safe. Tests use ManualClock (tests/fakes).
class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint Now() const = 0;
  virtual WallTime WallNow() const = 0;
};

// The machine's clocks.
class SystemClock final : public Clock {
 public:
  TimePoint Now() const override { return std::chrono::steady_clock::now(); }
  WallTime WallNow() const override { return std::chrono::system_clock::now(); }
};

// The machine's monotonic clock beside a wall clock that stands still: `--now`, for historic
// feature data.
class FixedWallClock final : public Clock {
 public:
  explicit FixedWallClock(WallTime wall) : wall_(wall) {}
  TimePoint Now() const override { return std::chrono::steady_clock::now(); }
  WallTime WallNow() const override { return wall_; }

 private:
  const WallTime wall_;
};

}  // namespace tournant
