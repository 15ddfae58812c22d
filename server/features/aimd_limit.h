#pragma once

#include <cstdint>

#include "base/clock.h"

namespace tournant {

struct AimdLimitOptions {
  int64_t most = 4096;   // Calls in flight at once: where it begins, and what it never exceeds.
  int64_t least = 16;    // What it never falls below.
  double backoff = 0.7;  // What a sign of overload leaves of it.
};

// How many calls may be in flight to one backend: additive increase while it answers and the limit
// is what holds us back, multiplicative decrease when it is overloaded. It begins at its top, since
// many waiting calls are no harm to a store that answers them.
//
// A pure state machine of the times and outcomes that it is told. Owned by a LimitClient, which
// guards it; not thread-safe.
class AimdLimit {
 public:
  enum class Sign { kAnswered, kOverloaded, kNone };

  explicit AimdLimit(AimdLimitOptions options)
      : options_(options), limit_(static_cast<double>(options.most)) {}

  int64_t limit() const { return static_cast<int64_t>(limit_); }
  int64_t in_flight() const { return in_flight_; }

  // Takes a place, to be given back by Leave; false: there is none.
  bool Enter();
  // `entered` is when the call took its place. The calls that were in flight when the limit was cut
  // will all tell of the same overload; only the first of them counts.
  void Leave(TimePoint entered, TimePoint now, Sign sign);

 private:
  const AimdLimitOptions options_;
  double limit_;
  int64_t in_flight_ = 0;
  TimePoint last_cut_ = TimePoint::min();
};

}  // namespace tournant
