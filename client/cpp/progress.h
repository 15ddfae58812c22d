#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>

#include "base/clock.h"

namespace tournant::client {

// Shows how far a long run is: a bar that is drawn over itself on a terminal, elsewhere a plain
// line every few seconds. One thread; `out` and `clock` have to outlive it.
class Progress {
 public:
  struct Snapshot {
    int64_t rows = 0;
    int64_t failed = 0;
    uint64_t bytes = 0;        // Of the input, done.
    uint64_t total_bytes = 0;  // 0: unknown.
  };

  // Null `out`: nothing is shown.
  Progress(std::ostream* out, bool terminal, const Clock& clock);

  // Draws when it is time to.
  void Update(const Snapshot& snapshot);
  // Removes the bar, so that what follows begins at the start of a line.
  void Finish();

 private:
  std::ostream* const out_;
  const bool terminal_;
  const Clock& clock_;
  const TimePoint start_;
  TimePoint next_;
  bool drawn_ = false;
};

// The line for a moment `elapsed` after the start, with a bar of `width` cells, or without one when
// it is 0 or the total is unknown.
std::string ProgressLine(const Progress::Snapshot& snapshot, Duration elapsed, int width);

}  // namespace tournant::client
