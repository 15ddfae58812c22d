#pragma once

#include <array>
#include <cstdint>
#include <utility>

#include "absl/strings/string_view.h"

namespace tournant {

// Where cells (rows x columns that name a feature) came from. They add up to all cells.
struct CellCounts {
  int64_t live = 0;
  int64_t cached = 0;
  int64_t stale = 0;
  int64_t defaulted = 0;
  int64_t from_request = 0;
};

// The same, each with the name that metrics give it.
inline std::array<std::pair<absl::string_view, int64_t>, 5> NamedCounts(const CellCounts& cells) {
  return {{{"live", cells.live},
           {"cached", cells.cached},
           {"stale", cells.stale},
           {"defaulted", cells.defaulted},
           {"from_request", cells.from_request}}};
}

// The cells of one answer.
struct FeatureProvenance : CellCounts {
  int64_t oldest_age_ms = -1;  // -1: no cell has a known age.
  int64_t unknown_age = 0;     // Cells with a stored value, a last known one too, without a time.
  int64_t from_future = 0;     // Of the same: with a time after now; some clock is wrong.
  bool budget_exhausted = false;  // The call had no time left to ask the store.
  bool degraded = false;  // Some cell was filled because of an error, a timeout or staleness.
};

}  // namespace tournant
