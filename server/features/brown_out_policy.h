#pragma once

#include <chrono>
#include <cstdint>

#include "base/clock.h"
#include "features/brown_out.h"
#include "features/store_health.h"

namespace tournant {

struct BrownOutOptions {
  // From which on the level is at least kNoExtras and kNoOptionalViews.
  double some_errors = 0.05;
  double many_errors = 0.3;
  int64_t few_fetches = 20;  // With fewer of them errors say nothing.
  double some_pressure = 0.6;
  double much_pressure = 0.85;
  // To be left, a level needs less than this part of what it began at, for `calm`.
  double relief = 0.8;
  Duration calm = std::chrono::seconds(5);
};

// All that decides about the level at one moment.
struct BrownOutSnapshot {
  StoreHealth store;
  double pool_pressure = 0;  // 0 to 1: how much of what the workers can take in waits for them.
};

struct BrownOutState {
  BrownOutLevel level = BrownOutLevel::kNormal;
  bool calming = false;  // Since `calm_since` a lower level would do.
  TimePoint calm_since{};
};

// The next state: up at once, as far as it is needed; down one level at a time, when there has been
// calm for a while. Nothing is fetched at kCacheOnly, so nothing is learnt there, and it is left as
// soon as a backend may be asked. The pool's pressure alone never leads there: what the store can
// give costs the pool nothing.
BrownOutState NextBrownOut(const BrownOutState& state, const BrownOutSnapshot& now_seen,
                           TimePoint now, const BrownOutOptions& options);

}  // namespace tournant
