#include "features/hedge_policy.h"

#include <algorithm>

namespace tournant {

std::optional<TimePoint> HedgeTime(TimePoint now, TimePoint deadline, Duration p50, Duration p95,
                                   const HedgePolicyOptions& options) {
  if (p95 == Duration::zero() || deadline <= now) return std::nullopt;
  const Duration delay = std::max(p95, options.floor);
  if (delay + p50 >= deadline - now) return std::nullopt;
  return now + delay;
}

}  // namespace tournant
