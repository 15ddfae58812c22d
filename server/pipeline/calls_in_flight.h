#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/phase.h"
#include "pipeline/prediction.h"

namespace tournant {

// The inference calls of one event loop that have come and not ended, oldest first. A call enters
// when it is accepted, so the order costs nothing: six pointers are written for each call.
//
// Owned by whoever owns the loop, and outlives its calls. The loop's thread only: others have the
// loop run Oldest (base/run_on_loop.h).
class CallsInFlight {
 public:
  // What is known of a call. Names come from its caller, cut and escaped by Quote.
  struct Call {
    std::string model;
    int64_t version = 0;  // 0: not known yet.
    std::string id;       // The caller's, or its hash (ShownId); may be empty.
    Phase phase = Phase::kAccepted;
    Duration age{0};
    int64_t rows = 0;  // 0: not known yet.
  };

  // Holds a call's place in the list. Lives in the call's frame and dies before what it shows.
  class Member {
   public:
    Member(CallsInFlight& calls, const CallPhase& phase, const Prediction& prediction);
    ~Member();
    Member(const Member&) = delete;
    Member& operator=(const Member&) = delete;

   private:
    friend class CallsInFlight;
    Member() : phase_(nullptr), prediction_(nullptr) {}
    const CallPhase* const phase_;
    const Prediction* const prediction_;
    Member* before_ = this;
    Member* after_ = this;
  };

  CallsInFlight() = default;
  CallsInFlight(const CallsInFlight&) = delete;
  CallsInFlight& operator=(const CallsInFlight&) = delete;

  // The oldest calls, `most` of them at most, the oldest one first.
  std::vector<Call> Oldest(size_t most, TimePoint now) const;

 private:
  Member ring_;  // Before the oldest and after the newest; no call itself.
};

}  // namespace tournant
