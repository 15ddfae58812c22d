#include "features/retry_policy.h"

#include "features/fetch_outcome.h"

namespace tournant {

std::optional<TimePoint> RetryTime(const absl::Status& status, TimePoint now, TimePoint deadline,
                                   const RetryPolicyOptions& options) {
  if (!absl::IsUnavailable(status) || WasNotAsked(status)) return std::nullopt;
  const Pushback pushback = PushbackOf(status).value_or(Pushback{.retry = true});
  if (!pushback.retry || deadline <= now) return std::nullopt;
  if (deadline - now < pushback.wait + options.floor) return std::nullopt;
  return now + pushback.wait;
}

}  // namespace tournant
