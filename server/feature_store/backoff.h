#pragma once

#include <algorithm>
#include <chrono>

#include "base/clock.h"
#include "base/rng.h"

namespace tournant {

// How long to wait before the next try after `failures` earlier ones: doubling from `first` to
// `max`, of which a random part between a half and all, so that servers that lost one node together
// do not come back together.
inline Duration BackoffDelay(int failures, std::chrono::milliseconds first,
                             std::chrono::milliseconds max, Rng& rng) {
  constexpr int kDoublings = 20;  // More would overflow and is beyond any `max`.
  const Duration whole = std::min<Duration>(first * (1 << std::min(failures, kDoublings)), max);
  const auto half = static_cast<uint64_t>(whole.count() / 2);
  return whole - Duration(static_cast<Duration::rep>(half == 0 ? 0 : rng.Next() % (half + 1)));
}

}  // namespace tournant
