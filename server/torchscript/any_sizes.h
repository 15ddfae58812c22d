#pragma once

#include <array>
#include <cstdint>

namespace tournant {

// Tried in this order in place of -1. Convolutions and poolings do not take very small sizes; 28,
// 32 and 224 are the sides of the pictures that most networks for one size take.
inline constexpr std::array<int64_t, 6> kAnySizes = {2, 8, 28, 32, 128, 224};

// A size that a model which takes any size takes as well as `size`. Not the next one: a network for
// one size alone takes that too when its poolings round both down to the same.
inline constexpr int64_t OtherSize(int64_t size) { return 2 * size; }

}  // namespace tournant
