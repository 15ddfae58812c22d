#pragma once

#include <chrono>
#include <optional>

#include "base/clock.h"

namespace tournant {

struct HedgePolicyOptions {
  Duration floor = std::chrono::milliseconds(1);  // Never sooner than this after the first.
};

// When a fetch that was sent at `now` should be sent to a second backend as well, if there is no
// answer by then: after what nineteen of twenty answers take, and only if half of all answers would
// still come before the deadline. Nothing: not at all. Zero for `p50` and `p95`: not known yet.
std::optional<TimePoint> HedgeTime(TimePoint now, TimePoint deadline, Duration p50, Duration p95,
                                   const HedgePolicyOptions& options);

}  // namespace tournant
