#include "features/brown_out_policy.h"

namespace tournant {
namespace {

// The level that is needed when all thresholds are so many times as high.
BrownOutLevel Needed(const BrownOutSnapshot& seen, double times, const BrownOutOptions& options) {
  if (!seen.store.any_backend_available) return BrownOutLevel::kCacheOnly;
  const double error_rate = seen.store.fetches < options.few_fetches ? 0 : seen.store.error_rate;
  const auto over = [&](double errors, double pressure) {
    return error_rate >= times * errors || seen.pool_pressure >= times * pressure;
  };
  if (over(options.many_errors, options.much_pressure)) return BrownOutLevel::kNoOptionalViews;
  if (over(options.some_errors, options.some_pressure) || seen.store.breaker_open) {
    return BrownOutLevel::kNoExtras;
  }
  return BrownOutLevel::kNormal;
}

BrownOutLevel OneLower(BrownOutLevel level) {
  return static_cast<BrownOutLevel>(static_cast<int>(level) - 1);
}

}  // namespace

BrownOutState NextBrownOut(const BrownOutState& state, const BrownOutSnapshot& now_seen,
                           TimePoint now, const BrownOutOptions& options) {
  const BrownOutLevel needed = Needed(now_seen, 1, options);
  if (needed > state.level) return {needed};
  if (Needed(now_seen, options.relief, options) >= state.level) return {state.level};
  if (state.level == BrownOutLevel::kCacheOnly) return {OneLower(state.level), true, now};
  if (!state.calming) return {state.level, true, now};
  if (now - state.calm_since < options.calm) return state;
  return {OneLower(state.level), true, now};
}

}  // namespace tournant
