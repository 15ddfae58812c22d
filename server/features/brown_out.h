#pragma once

#include <cstdint>

namespace tournant {

// What the server goes without while the feature store or its own workers are in trouble. Each
// level includes those below it.
enum class BrownOutLevel : uint8_t {
  kNormal = 0,
  kNoExtras = 1,         // No hedges; what is cached counts as fresh for longer.
  kNoOptionalViews = 2,  // Views that the bindings call optional are not fetched.
  kCacheOnly = 3,        // Nothing is fetched: what is cached, else the bindings' fills.
};

// Tells the layers of the feature client the level of now. Thread-safe, cheap enough to be asked by
// every call. Owned by main, outlives the layers.
class BrownOut {
 public:
  virtual ~BrownOut() = default;
  virtual BrownOutLevel level() const = 0;
};

}  // namespace tournant
