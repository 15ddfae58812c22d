#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"

namespace tournant {

// How much a call matters when not all can be served, as its caller says in the metadata
// `tournant-criticality`. The four classes of Google's SRE book ("Handling Overload"); the first
// one goes first.
enum class Criticality : uint8_t { kCriticalPlus, kCritical, kSheddablePlus, kSheddable };

inline constexpr size_t kCriticalities = 4;
inline constexpr std::array<Criticality, kCriticalities> kAllCriticalities = {
    Criticality::kCriticalPlus, Criticality::kCritical, Criticality::kSheddablePlus,
    Criticality::kSheddable};
// Of callers that say nothing.
inline constexpr Criticality kDefaultCriticality = Criticality::kCritical;
inline constexpr char kCriticalityMetadata[] = "tournant-criticality";

constexpr size_t IndexOf(Criticality criticality) { return static_cast<size_t>(criticality); }

constexpr absl::string_view CriticalityName(Criticality criticality) {
  constexpr std::array<absl::string_view, kCriticalities> kNames = {"critical-plus", "critical",
                                                                    "sheddable-plus", "sheddable"};
  return kNames[IndexOf(criticality)];
}

// Nothing for a name that is none.
constexpr std::optional<Criticality> ParseCriticality(absl::string_view name) {
  for (const Criticality criticality : kAllCriticalities) {
    if (CriticalityName(criticality) == name) return criticality;
  }
  return std::nullopt;
}

// The part of the time that a call can wait which a prediction may use up for it to be let in. The
// less a call matters, the more room is left for those that matter more and come later. The shares
// are those of reference/reliability.md 2.2.
constexpr double PatienceShare(Criticality criticality) {
  constexpr std::array<double, kCriticalities> kShares = {1.0, 0.8, 0.5, 0.25};
  return kShares[IndexOf(criticality)];
}

}  // namespace tournant
