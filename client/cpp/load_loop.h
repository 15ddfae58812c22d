#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/rng.h"
#include "cpp/arrival_schedule.h"
#include "cpp/call_mix.h"
#include "cpp/call_sender.h"
#include "cpp/live_counts.h"
#include "cpp/load_counts.h"

namespace tournant::client {

// One thread of a load test: sends calls when they are due and counts what becomes of them.
//
// Open loop, with a schedule: no answer, and no delay of the generator's own, moves the moment that
// a call is due, and its latency and deadline count from there. So what a slow server or a stalled
// generator does to the callers after it shows in full (no "coordinated omission"). A call that
// cannot be sent is counted as unsent. Closed loop, without one: a call is due when another ends.
//
// Used once, by one thread. All references have to outlive it.
class LoadLoop {
 public:
  struct Options {
    Duration warm_up{};  // Calls due in it are sent and not counted.
    Duration duration{};
    size_t concurrency = 1;         // Closed loop: calls in flight.
    size_t max_in_flight = 10'000;  // Open loop.
  };

  // `interrupts` counts up from 0: the first ends the sending, the second cancels what is in
  // flight. `live` may be null.
  LoadLoop(const Options& options, const std::vector<CallClass>& classes,
           std::optional<ArrivalSchedule> schedule, std::unique_ptr<Rng> rng, const Clock& clock,
           CallSender& sender, const std::atomic<int>& interrupts, LiveCounts* live);

  // Runs from `start`, from which the schedule counts too, or without one from now, until every
  // call has ended.
  LoadCounts Run(TimePoint start);

 private:
  void Heed(TimePoint now);     // Interrupts, and the begin of what is measured.
  void SendDue(TimePoint now);  // A handful of them.
  void Offer(const LoadCall& call);
  void EndOffering(TimePoint now);
  void Reap(TimePoint now);
  TimePoint NextEvent(TimePoint now) const;
  void Count(const EndedCall& ended, TimePoint now);

  const Options options_;
  const std::vector<CallClass> classes_;
  const CallMix mix_;
  std::optional<ArrivalSchedule> schedule_;
  const std::unique_ptr<Rng> rng_;
  const Clock& clock_;
  CallSender& sender_;
  const std::atomic<int>& interrupts_;
  LiveCounts* const live_;

  LoadCounts counts_;
  ClassCounts warm_up_counts_;  // Not reported.
  TimePoint measured_from_;
  TimePoint end_;
  bool offering_ = true;
  int heeded_ = 0;  // Interrupts.
  size_t in_flight_ = 0;
  // When the measured part began for the generator, which may be later than it should.
  std::optional<TimePoint> began_;
  Duration busy_before_{};
};

}  // namespace tournant::client
