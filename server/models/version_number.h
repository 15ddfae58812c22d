#pragma once

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"

namespace tournant {

// A version's number as directories and requests write it: a canonical decimal above 0 that fits
// int64, so "01", "+1", "1a" and "0" are none.
std::optional<int64_t> ParseVersionNumber(absl::string_view text);

}  // namespace tournant
