#pragma once

#include <cstddef>
#include <deque>
#include <limits>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "features/owned_keys.h"
#include "telemetry/trace_scope.h"

namespace tournant {

class FetchWait;

// The rows that one fetch asks for, and the calls that wait for some of them. Belongs to no call:
// shared by its lane and by the coroutine that fetches. Touched on one loop only.
struct SharedFetch {
  static constexpr size_t kNowhere = std::numeric_limits<size_t>::max();

  OwnedKeys keys;
  std::deque<std::string> row_keys;  // Of each row; never move.
  std::vector<FetchWait*> waiters;
  std::stop_source stop;
  TimePoint deadline{};             // The latest of those who waited when it was sent.
  size_t place = kNowhere;          // Among the lane's fetches in flight.
  std::optional<TraceScope> trace;  // Of the first that has one, with links to the others.
};

}  // namespace tournant
