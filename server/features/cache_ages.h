#pragma once

#include "base/clock.h"

namespace tournant {

// How long what a cache holds is used, as the bindings of one model version say.
struct CacheAges {
  Duration soft{0};      // Up to here it is fresh. After that it is used, and fetched again behind.
  Duration hard{0};      // After that it is used only where the store has nothing to say.
  Duration negative{0};  // How long an entity is known to be absent; 0: never.
};

}  // namespace tournant
