#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tournant {

struct EventTime {
  int64_t seconds = 0;
  int32_t nanos = 0;
};

// "2026-01-29 10:00:00", with an optional fraction and an optional "Z", "+00:00" or other offset:
// what Feast before 0.42 wrote. Without an offset it is UTC. Empty for anything else.
std::optional<EventTime> ParseTextTime(absl::string_view text);

// The offset from UTC in seconds of a zone that has a fixed one: "UTC", "GMT", "Z", "+05:30", "-5".
// Zones by name change their offset during the year and are refused, and so is "UTC+1", which is
// one hour west of Greenwich to POSIX (the variable TZ) and one hour east to people.
absl::StatusOr<int64_t> ParseFixedZone(absl::string_view zone);

}  // namespace tournant
