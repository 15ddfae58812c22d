#pragma once

#include <cstdint>

namespace tournant {

// How the feature store does, as the layers that talk to it see it at one moment. The input of the
// brown-out policy, and of nothing that decides about a single call.
struct StoreHealth {
  // 0 to 1: the part of the fetches of the last seconds that failed or came too late; 0 when there
  // were none.
  double error_rate = 0;
  // Some backend would take a fetch now, be it as a probe of a breaker that is half open. Has to
  // come true again by the passing of time alone: while it is false nothing is fetched.
  bool any_backend_available = true;
  // The breaker of some backend is not closed.
  bool breaker_open = false;
  int64_t fetches = 0;  // That error_rate is the rate of.
};

}  // namespace tournant
