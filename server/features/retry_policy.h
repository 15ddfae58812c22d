#pragma once

#include <chrono>
#include <optional>

#include "absl/status/status.h"
#include "base/clock.h"

namespace tournant {

struct RetryPolicyOptions {
  Duration floor = std::chrono::milliseconds(1);  // With less time than this left: no retry.
};

// When a fetch that ended with `status` at `now` may be tried once more: only UNAVAILABLE, which
// for a unary call means that there was no answer, only if it was really sent, when the store's
// pushback allows it, and within the fetch's deadline. Nothing: it may not.
std::optional<TimePoint> RetryTime(const absl::Status& status, TimePoint now, TimePoint deadline,
                                   const RetryPolicyOptions& options);

}  // namespace tournant
