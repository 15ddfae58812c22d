#pragma once

#include <algorithm>
#include <chrono>

#include "base/rng.h"

namespace tournant {

// What a client that has been refused is told to wait (grpc-retry-pushback-ms): `wait`, within what
// a client can make use of, and a fifth more or less, lest all come back at once.
inline std::chrono::milliseconds Pushback(std::chrono::nanoseconds wait, Rng& rng) {
  constexpr std::chrono::nanoseconds kLeast = std::chrono::milliseconds(20);
  constexpr std::chrono::nanoseconds kMost = std::chrono::seconds(2);
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::clamp(wait, kLeast, kMost) *
                                                               rng.Jitter(0.2));
}

}  // namespace tournant
