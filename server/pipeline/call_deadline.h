#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include "base/clock.h"

namespace tournant {

// How long calls may take, whichever way they came.
struct CallLimits {
  Duration default_deadline = std::chrono::seconds(5);  // For callers that set none.
  Duration max_deadline = std::chrono::seconds(30);     // For callers that set a longer one.
};

// The time that a call has: the least of what the caller's transport says, its `timeout` parameter
// and the server's maximum; the default where the caller says nothing.
inline Duration TimeOfCall(const CallLimits& limits, std::optional<Duration> of_transport,
                           std::optional<std::chrono::microseconds> timeout) {
  Duration left = limits.max_deadline;
  if (of_transport) {
    left = std::min(left, *of_transport);
  } else if (!timeout) {
    left = std::min(left, limits.default_deadline);
  }
  if (timeout && *timeout < left) left = *timeout;
  return left;
}

}  // namespace tournant
