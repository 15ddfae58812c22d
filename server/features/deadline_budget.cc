#include "features/deadline_budget.h"

#include <algorithm>

namespace tournant {

std::optional<TimePoint> FetchDeadline(TimePoint now, TimePoint call_deadline,
                                       const FetchBudget& budget) {
  // Compared before subtracting, so that a deadline of "never" does not overflow.
  if (call_deadline <= now) return std::nullopt;
  const Duration left = call_deadline - now - budget.reserve;
  const Duration wait = std::min(budget.cap, left);
  if (wait < budget.floor) return std::nullopt;
  return now + wait;
}

absl::Status NoTimeToFetch() {
  return absl::DeadlineExceededError("no time is left to ask the feature store");
}

}  // namespace tournant
