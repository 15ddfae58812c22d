#include "base/phase.h"

#include <algorithm>

namespace tournant {

absl::string_view PhaseName(Phase phase) {
  constexpr std::array<absl::string_view, kPhaseCount> kNames = {
      "Accepted", "Validating", "AwaitingFeatures", "Queued",    "Computing", "Responding",
      "Done",     "Rejected",   "Expired",          "Cancelled", "Failed"};
  return kNames[static_cast<size_t>(phase)];
}

CallPhase::CallPhase(const Clock& clock, PhaseObserver* observer)
    : clock_(clock), observer_(observer), accepted_at_(clock.Now()), entered_at_(accepted_at_) {
  if (observer_ != nullptr) observer_->OnEnter(current_);
}

CallPhase::~CallPhase() {
  if (!IsEnd(current_)) Enter(Phase::kFailed);
}

void CallPhase::EnterAt(Phase phase, TimePoint when) {
  if (phase == current_ || IsEnd(current_)) return;
  const Duration spent = std::max(Duration::zero(), when - entered_at_);
  spent_[static_cast<size_t>(current_)] += spent;
  if (observer_ != nullptr) {
    observer_->OnLeave(current_, spent);
    observer_->OnEnter(phase);
  }
  current_ = phase;
  visited_ |= 1U << static_cast<size_t>(phase);
  entered_at_ = std::max(entered_at_, when);
}

}  // namespace tournant
