#pragma once

#include <chrono>
#include <optional>

#include "absl/status/status.h"
#include "base/clock.h"

namespace tournant {

struct FetchBudget {
  Duration cap = std::chrono::milliseconds(50);   // Longest that one fetch may take.
  Duration reserve = Duration::zero();            // Left over for inference and the answer.
  Duration floor = std::chrono::milliseconds(1);  // With less than this the store is not asked.
};

// Until when a call may wait for the feature store: its cap or what the call's deadline leaves
// after the reserve, whichever is less. Nothing when that is too little to be worth asking.
std::optional<TimePoint> FetchDeadline(TimePoint now, TimePoint call_deadline,
                                       const FetchBudget& budget);

// What a fetch ends with that is not worth starting.
absl::Status NoTimeToFetch();

}  // namespace tournant
