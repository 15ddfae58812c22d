#pragma once

#include "base/rng.h"

namespace tournant::client {

// Evenly from [0, 1).
inline double DrawFraction(Rng& rng) { return static_cast<double>(rng.Next() >> 11) * 0x1p-53; }

}  // namespace tournant::client
