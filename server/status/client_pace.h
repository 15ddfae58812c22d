#pragma once

#include <chrono>
#include <cstdint>

#include "base/clock.h"

namespace tournant {

// How slow a client may be in sending or taking a message: `grace` for anything at all, and beyond
// it as long as what has passed takes at the least rate. So who sends a byte now and then is given
// up when the grace is over, and a large tensor has its time.
struct ClientPace {
  Duration grace{};
  int64_t bytes_per_second = 1;

  // Until when the next byte of a message that began at `begun` must have passed.
  TimePoint Deadline(TimePoint begun, int64_t bytes) const {
    return begun + grace +
           std::chrono::duration_cast<Duration>(std::chrono::duration<double>(
               static_cast<double>(bytes) / static_cast<double>(bytes_per_second)));
  }
};

}  // namespace tournant
