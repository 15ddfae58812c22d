#pragma once

#include <atomic>
#include <cstdint>

#include "telemetry/counter.h"

namespace tournant {

// What the caches of one view have done so far, counted in rows, for metrics. Written by all loops,
// read by anybody.
struct CacheCounters {
  Counter hits;           // Answered with values.
  Counter negative_hits;  // Answered with: there is no such entity.
  Counter misses;
  Counter refreshes;                // Fetched again behind, since past the soft age.
  Counter failed_refreshes;         // Of those, the ones that brought nothing.
  Counter evictions;                // For room.
  std::atomic<int64_t> entries{0};  // Now.
  std::atomic<int64_t> bytes{0};    // Now, keys and bookkeeping included.
};

}  // namespace tournant
