#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "base/clock.h"

namespace tournant {

// Where a call is. Accepted -> Validating -> AwaitingFeatures -> Queued -> Computing -> Responding
// -> Done; Rejected, Expired, Cancelled and Failed are the other ends.
enum class Phase {
  kAccepted,
  kValidating,
  kAwaitingFeatures,
  kQueued,
  kComputing,
  kResponding,
  kDone,
  kRejected,
  kExpired,
  kCancelled,
  kFailed,
};
inline constexpr size_t kPhaseCount = 11;
inline constexpr size_t kEndPhase = static_cast<size_t>(Phase::kDone);  // From here on: ends.

absl::string_view PhaseName(Phase phase);  // "AwaitingFeatures"
inline bool IsEnd(Phase phase) { return static_cast<size_t>(phase) >= kEndPhase; }

// What telemetry hears of each call. Called on the call's own loop thread.
class PhaseObserver {
 public:
  virtual ~PhaseObserver() = default;
  virtual void OnEnter(Phase phase) = 0;
  // `spent` is the time in `phase`, which is being left.
  virtual void OnLeave(Phase phase, Duration spent) = 0;
};

// Keeps the phase of one call, in the call's frame, and reports each change. A call that ends
// without saying how has failed. One thread only: the call's loop.
class CallPhase {
 public:
  CallPhase(const Clock& clock,
            PhaseObserver* observer);  // Enters Accepted. `observer` may be null.
  ~CallPhase();
  CallPhase(const CallPhase&) = delete;
  CallPhase& operator=(const CallPhase&) = delete;

  void Enter(Phase phase) {
    if (phase != current_) EnterAt(phase, clock_.Now());
  }
  // For a change that another thread saw, such as the start of computing.
  void EnterAt(Phase phase, TimePoint when);

  Phase current() const { return current_; }
  // Time spent in `phase` so far, without the visit that is still going on.
  Duration spent(Phase phase) const { return spent_[static_cast<size_t>(phase)]; }
  // Whether the call has been in `phase`, however shortly.
  bool visited(Phase phase) const { return ((visited_ >> static_cast<size_t>(phase)) & 1U) != 0; }
  TimePoint accepted_at() const { return accepted_at_; }

 private:
  const Clock& clock_;
  PhaseObserver* const observer_;
  const TimePoint accepted_at_;
  TimePoint entered_at_;
  Phase current_ = Phase::kAccepted;
  uint32_t visited_ = 1U << static_cast<size_t>(Phase::kAccepted);
  std::array<Duration, kEndPhase> spent_{};
};

}  // namespace tournant
