#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace tournant {

// Cells of features by what they say, in the order of feast::serving::FieldStatus.
inline constexpr size_t kFieldStatuses = 5;
using StatusCounts = std::array<int64_t, kFieldStatuses>;

}  // namespace tournant
