#pragma once

#include <cstdint>

namespace tournant {

// Where the cells (rows x columns that name a feature) of one answer came from. The first five add
// up to all cells.
struct FeatureProvenance {
  int64_t live = 0;
  int64_t cached = 0;
  int64_t stale = 0;
  int64_t defaulted = 0;
  int64_t from_request = 0;
  int64_t oldest_age_ms = -1;  // -1: no cell has a known age.
  bool degraded = false;       // Some cell was filled because of an error, a timeout or staleness.
};

}  // namespace tournant
