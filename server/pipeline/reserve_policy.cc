#include "pipeline/reserve_policy.h"

#include <algorithm>

namespace tournant {

Duration FeatureReserve(const ComputeTimesAhead& ahead, Duration left, Duration margin) {
  // Until calls have told, an execution may take twice what is estimated.
  const Duration computing = ahead.computing_p99 == Duration::zero()
                                 ? 2 * ahead.estimated_cost
                                 : std::max(ahead.computing_p99, ahead.estimated_cost);
  return std::min<Duration>(computing + ahead.waiting_p50 + margin, left / 4);
}

}  // namespace tournant
