#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"

namespace tournant {

// Where one cell came from. The numbers are those of LoggedColumn.Source in prediction.proto.
enum class CellSource : uint8_t {
  kUnknown = 0,
  kLive = 1,
  kCached = 2,
  kStale = 3,
  kDefaulted = 4,
  kFromRequest = 5,
};

// Where each cell of a call came from: those of the first column that names a feature, row by row,
// then those of the next.
struct FeatureCells {
  std::vector<CellSource> sources;
  std::vector<int64_t> event_times_us;  // Since 1970; 0: unknown, or the cell has no stored value.

  void Resize(size_t cells) {
    sources.resize(cells);
    event_times_us.resize(cells);
  }
  bool empty() const { return sources.empty(); }
  size_t bytes() const { return sources.size() * (sizeof(CellSource) + sizeof(int64_t)); }
};

}  // namespace tournant
