#pragma once

#include <chrono>
#include <cstdint>
#include <ostream>
#include <string>

#include "base/clock.h"
#include "cpp/live_counts.h"

namespace tournant::client {

// The line that shows on a terminal how a load test goes, drawn over itself. One thread; `out` and
// `clock` have to outlive it.
class LoadProgress {
 public:
  static constexpr std::chrono::seconds kRedraw{1};

  LoadProgress(std::ostream& out, const Clock& clock, Duration warm_up, Duration duration);

  void Start(TimePoint start);
  // `window`: what was done since the last call, or since the start.
  void Draw(const LiveCounts::Window& window);
  // Removes the line, so that what follows begins at the start of one.
  void Finish();

  // What is on the line, besides the figures of the window.
  struct Moment {
    Duration elapsed{};
    Duration warm_up{};
    Duration total{};    // The warm-up included.
    Duration window{};   // How long it was.
    int64_t failed = 0;  // Since the start, like the next.
    int64_t unsent = 0;
  };
  static std::string Line(const Moment& moment, const LiveCounts::Window& window);

 private:
  std::ostream& out_;
  const Clock& clock_;
  TimePoint start_;
  TimePoint last_;
  Moment moment_;
  bool drawn_ = false;
};

}  // namespace tournant::client
