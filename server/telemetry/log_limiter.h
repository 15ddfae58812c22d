#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/clock.h"

namespace tournant {

// Lets one log line of a kind through in a period, so that what happens ten thousand times a second
// is told once, with how often it happened. For one thread at a time.
class LogLimiter {
 public:
  explicit LogLimiter(Duration period = std::chrono::seconds(10)) : period_(period) {}

  // How many lines were held back since the last one that went through; nothing when this one is
  // held back too.
  std::optional<int64_t> Pass(TimePoint now) {
    if (last_ && now - *last_ < period_) {
      ++held_back_;
      return std::nullopt;
    }
    last_ = now;
    return std::exchange(held_back_, 0);
  }

 private:
  const Duration period_;
  std::optional<TimePoint> last_;
  int64_t held_back_ = 0;
};

}  // namespace tournant
