#pragma once

#include <cstdint>
#include <memory>

#include "base/clock.h"
#include "features/fetched_features.h"

namespace tournant {

// What the store once said about one entity in one view. Constant, shared by the cache and by calls
// that read it.
struct CachedRow {
  FetchedFeatures cells;  // One row of the view's features, in the order of the plan.
  TimePoint fetched_at{};
  int64_t fetched_wall_us = 0;  // Since 1970.
  // For views where it matters: the last value of the cells that have none. Null: there is none.
  std::shared_ptr<const FetchedFeatures> last_known;

  size_t bytes() const {
    const size_t itself = sizeof(CachedRow) - sizeof(cells);  // They count themselves.
    return itself + cells.bytes() + (last_known == nullptr ? 0 : last_known->bytes());
  }
};

}  // namespace tournant
