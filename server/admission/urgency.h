#pragma once

#include <array>
#include <compare>
#include <cstddef>

#include "admission/criticality.h"

namespace tournant {

// Whose turn it is: the least goes first. Within a class, calls of a peer that has had less than
// its share of the workers go before those of one that has had more, so that whoever floods a
// server stands in nobody's way but its own.
struct Urgency {
  Criticality criticality = kDefaultCriticality;
  bool beyond_share = false;

  auto operator<=>(const Urgency&) const = default;
};

inline constexpr size_t kUrgencies = 2 * kCriticalities;

constexpr size_t IndexOf(Urgency urgency) {
  return 2 * IndexOf(urgency.criticality) + (urgency.beyond_share ? 1 : 0);
}

}  // namespace tournant
