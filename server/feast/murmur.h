#pragma once

#include <cstdint>

#include "absl/strings/string_view.h"

namespace tournant {

// MurmurHash3, 32-bit variant for x86. Feast's Redis store names the field of a feature by this
// hash of "view:feature" with seed 0, as 4 little-endian bytes.
uint32_t Murmur3X86_32(absl::string_view bytes, uint32_t seed);

}  // namespace tournant
