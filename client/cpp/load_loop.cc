#include "cpp/load_loop.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace tournant::client {
namespace {

// Calls that are sent before answers are looked at again, and answers before the next calls.
constexpr int kBurst = 16;
// How soon an interrupt is heeded.
constexpr std::chrono::milliseconds kTick{100};

}  // namespace

LoadLoop::LoadLoop(const Options& options, const std::vector<CallClass>& classes,
                   std::optional<ArrivalSchedule> schedule, std::unique_ptr<Rng> rng,
                   const Clock& clock, CallSender& sender, const std::atomic<int>& interrupts,
                   LiveCounts* live)
    : options_(options),
      classes_(classes),
      mix_(classes),
      schedule_(std::move(schedule)),
      rng_(std::move(rng)),
      clock_(clock),
      sender_(sender),
      interrupts_(interrupts),
      live_(live) {
  counts_.classes.resize(classes.size());
  counts_.generator.threads = 1;
}

LoadCounts LoadLoop::Run(TimePoint start) {
  TimePoint now = clock_.Now();
  // Without a schedule there is nothing to be late for, or too early.
  if (!schedule_.has_value()) start = now;
  measured_from_ = start + options_.warm_up;
  end_ = measured_from_ + options_.duration;
  for (;;) {
    Heed(now);
    SendDue(now);
    if (!offering_ && in_flight_ == 0) break;
    Reap(clock_.Now());
    now = clock_.Now();
  }
  counts_.measured = std::max(Duration(0), end_ - measured_from_);
  return std::move(counts_);
}

void LoadLoop::Heed(TimePoint now) {
  if (!began_.has_value() && now >= measured_from_) {
    began_ = now;
    busy_before_ = sender_.BusyTime();
  }
  if (interrupts_.load(std::memory_order_relaxed) == heeded_) return;
  if (heeded_++ == 0) {
    counts_.interrupted = true;
    end_ = std::min(end_, now);
  } else {
    sender_.CancelAll();
  }
}

void LoadLoop::SendDue(TimePoint now) {
  for (int i = 0; i < kBurst && offering_; ++i, now = clock_.Now()) {
    const TimePoint due = schedule_.has_value() ? schedule_->next() : now;
    if (due >= end_) return EndOffering(now);
    if (due > now) return;
    if (!schedule_.has_value() && in_flight_ == options_.concurrency) return;
    if (schedule_.has_value()) schedule_->Advance();
    Offer({.due = due,
           .sent = now,
           .call_class = mix_.Choose(*rng_),
           .counted = due >= measured_from_});
  }
}

void LoadLoop::Offer(const LoadCall& call) {
  ClassCounts& counts = call.counted ? counts_.classes[call.call_class] : warm_up_counts_;
  ++counts.offered;
  const Duration deadline = classes_[call.call_class].deadline;
  const Duration lag = call.sent - call.due;
  const bool expired = lag >= deadline;
  const bool full = schedule_.has_value() && in_flight_ >= options_.max_in_flight;
  if (expired || full) {
    ++(expired ? counts.unsent_expired : counts.unsent_in_flight);
    if (live_ != nullptr) live_->AddUnsent();
    return;
  }
  ++counts.sent;
  ++in_flight_;
  if (call.counted && schedule_.has_value()) {
    counts_.generator.send_lag.Add(lag);
    if (lag > std::min<Duration>(kLateAfter, deadline / 10)) ++counts_.generator.late;
  }
  if (live_ != nullptr) live_->AddSent();
  sender_.Send(call);
}

void LoadLoop::EndOffering(TimePoint now) {
  offering_ = false;
  if (!began_.has_value()) return;  // It ended while warming up.
  counts_.generator.busy = sender_.BusyTime() - busy_before_;
  counts_.generator.lasted = now - *began_;
}

void LoadLoop::Reap(TimePoint now) {
  EndedCall ended;
  TimePoint until = NextEvent(now);
  for (int i = 0; i < kBurst && sender_.Next(until, ended); ++i) {
    Count(ended, clock_.Now());
    until = now;  // The rest only if it is there.
  }
}

TimePoint LoadLoop::NextEvent(TimePoint now) const {
  const TimePoint tick = now + kTick;
  if (!offering_) return tick;
  // A closed loop sends again with the next answer.
  return schedule_.has_value() ? std::min({tick, schedule_->next(), end_}) : std::min(tick, end_);
}

void LoadLoop::Count(const EndedCall& ended, TimePoint now) {
  --in_flight_;
  const Duration latency = now - ended.call.due;
  const bool ok = ended.code == absl::StatusCode::kOk;
  if (live_ != nullptr) live_->AddEnd(ok, latency);
  if (!ended.call.counted) return;
  ClassCounts& counts = counts_.classes[ended.call.call_class];
  if (ok) {
    ++counts.ok;
    counts.ok_latency.Add(latency);
    if (latency <= classes_[ended.call.call_class].deadline) ++counts.in_time;
    return;
  }
  if (ended.code == absl::StatusCode::kResourceExhausted) counts.rejected_latency.Add(latency);
  if (++counts.errors[ended.code] == 1) {
    counts_.first_errors.emplace(ended.code, std::string(ended.message));
  }
}

}  // namespace tournant::client
