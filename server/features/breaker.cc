#include "features/breaker.h"

#include <algorithm>

namespace tournant {

absl::string_view BreakerStateName(BreakerState state) {
  constexpr absl::string_view kNames[] = {"closed", "half_open", "open"};
  return kNames[static_cast<size_t>(state)];
}

bool Breaker::Allows(TimePoint now) const {
  switch (state_) {
    case BreakerState::kClosed:
      return true;
    case BreakerState::kOpen:
      return now >= open_until_;
    case BreakerState::kHalfOpen:
      return probes_started_ < options_.probes;
  }
  return false;
}

std::optional<Breaker::Period> Breaker::Enter(TimePoint now) {
  if (!Allows(now)) return std::nullopt;
  if (state_ == BreakerState::kOpen) {
    ChangeTo(BreakerState::kHalfOpen);
    probes_started_ = 0;
    probes_good_ = 0;
    probes_silent_ = 0;
  }
  if (state_ == BreakerState::kHalfOpen) ++probes_started_;
  return period_;
}

void Breaker::Leave(TimePoint now, Period entered, Verdict verdict) {
  if (entered != period_) return;
  if (verdict == Verdict::kNone) {
    // The place of a probe is free for one that tells more.
    if (state_ == BreakerState::kHalfOpen) --probes_started_;
    return;
  }
  if (state_ == BreakerState::kHalfOpen) {
    LeaveHalfOpen(now, verdict);
    return;
  }
  // Closed: a call cannot have entered while it was open.
  const bool only_failed = HasOnlyFailed(now, verdict);
  if (verdict != Verdict::kSilent) {
    window_.Count(now, verdict == Verdict::kBad, verdict == Verdict::kSlow);
  }
  const CallWindow::Counts recent = window_.Recent(now);
  const auto calls = static_cast<double>(recent.calls);
  const bool enough = recent.calls >= options_.min_calls;
  if (only_failed ||
      (enough && static_cast<double>(recent.bad) >= options_.failure_share * calls) ||
      (enough && static_cast<double>(recent.slow) >= options_.slow_share * calls)) {
    Open(now, options_.first_open);
  }
}

void Breaker::LeaveHalfOpen(TimePoint now, Verdict verdict) {
  switch (verdict) {
    case Verdict::kGood:
      if (++probes_good_ < options_.probes) return;
      ChangeTo(BreakerState::kClosed);
      window_.Clear();
      failed_in_a_row_ = 0;
      return;
    case Verdict::kSilent:
      // Of an impatient caller: one alone proves nothing.
      --probes_started_;
      if (++probes_silent_ < options_.probes || probes_good_ > 0) return;
      break;
    default:
      break;
  }
  Open(now, std::min(2 * open_for_, options_.longest_open));
}

bool Breaker::HasOnlyFailed(TimePoint now, Verdict last) {
  if (last != Verdict::kBad && last != Verdict::kSilent) {
    failed_in_a_row_ = 0;
    return false;
  }
  // One that goes on for longer than anything is remembered begins anew.
  if (failed_in_a_row_ > 0 && now - first_of_row_ > window_.length()) failed_in_a_row_ = 0;
  if (failed_in_a_row_++ == 0) first_of_row_ = now;
  return failed_in_a_row_ >= options_.min_calls && now - first_of_row_ >= options_.all_failed_for;
}

void Breaker::ChangeTo(BreakerState state) {
  state_ = state;
  ++period_;
}

void Breaker::Open(TimePoint now, Duration open_for) {
  ChangeTo(BreakerState::kOpen);
  open_for_ = open_for;
  open_until_ = now + std::chrono::duration_cast<Duration>(open_for * rng_.Jitter(options_.jitter));
}

}  // namespace tournant
