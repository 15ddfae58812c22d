#pragma once

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"
#include "base/clock.h"
#include "base/rng.h"
#include "features/call_window.h"

namespace tournant {

struct BreakerOptions {
  Duration bucket = std::chrono::seconds(1);  // The last ten of these are looked at.
  int64_t min_calls = 20;                     // With fewer in them nothing is concluded.
  double failure_share = 0.5;                 // Opens when so many of them failed,
  double slow_share = 0.8;                    // or so many were slow.
  // Also opens when `min_calls` in a row, of the last ten buckets, failed or met silence over at
  // least this time, whatever was before: the good calls of ten seconds would hide an outage for as
  // long. A connection that breaks with many calls on it takes less time.
  Duration all_failed_for = std::chrono::milliseconds(500);
  Duration first_open = std::chrono::seconds(1);     // How long it stays open: doubled each time
  Duration longest_open = std::chrono::seconds(30);  // that the probes fail, up to this,
  double jitter = 0.2;  // and up to so much shorter or longer, lest many servers probe at once.
  int probes = 5;       // Calls that half-open lets through, all of which must be good.
};

enum class BreakerState { kClosed, kHalfOpen, kOpen };
absl::string_view BreakerStateName(BreakerState state);

// Whether a backend is worth asking, concluded from how its calls ended: closed while it answers,
// open when it does not, half-open while a few calls try it again.
//
// A pure state machine of the times and outcomes that it is told. Owned by a BreakerClient, which
// guards it; not thread-safe. Calls belong to the period in which they entered: what was sent
// before a change of state says nothing about the time after it.
class Breaker {
 public:
  enum class Verdict {
    kGood,
    kSlow,
    kBad,
    // No answer for as long as half of the good ones take: that is chance once, and no chance
    // twenty times in a row.
    kSilent,
    kNone,
  };
  using Period = uint64_t;

  // `rng` outlives it.
  Breaker(BreakerOptions options, Rng& rng)
      : options_(options), rng_(rng), window_(options.bucket) {}

  BreakerState state() const { return state_; }
  // Whether Enter would let a call through.
  bool Allows(TimePoint now) const;
  // Lets a call through, to be ended by Leave; nothing: refused.
  std::optional<Period> Enter(TimePoint now);
  void Leave(TimePoint now, Period entered, Verdict verdict);

 private:
  void LeaveHalfOpen(TimePoint now, Verdict verdict);
  bool HasOnlyFailed(TimePoint now, Verdict last);
  void ChangeTo(BreakerState state);
  void Open(TimePoint now, Duration open_for);

  const BreakerOptions options_;
  Rng& rng_;
  BreakerState state_ = BreakerState::kClosed;
  Period period_ = 0;
  // Closed.
  CallWindow window_;
  int64_t failed_in_a_row_ = 0;
  TimePoint first_of_row_;
  // Open.
  Duration open_for_{0};
  TimePoint open_until_;
  // Half-open.
  int probes_started_ = 0;
  int probes_good_ = 0;
  int probes_silent_ = 0;
};

}  // namespace tournant
