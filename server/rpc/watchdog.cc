#include "rpc/watchdog.h"

#include <atomic>
#include <utility>

#include "base/run_on_loop.h"
#include "base/task.h"
#include "telemetry/log.h"

namespace tournant {

struct Watchdog::Probe {
  std::atomic<bool> answered{true};
  TimePoint sent;
};

namespace {

template <class Probe>
Detached Knock(CallCount& calls, Lane& lane, const Clock& clock, std::shared_ptr<Probe> probe) {
  CallCount::Member here(calls);
  co_await SwitchTo(lane.loop);
  lane.metrics.OnLoopLag(clock.Now() - probe->sent);
  probe->answered.store(true);
}

}  // namespace

Watchdog::Watchdog(const std::vector<std::unique_ptr<Lane>>& lanes, Health& health,
                   CallCount& calls, const Clock& clock, Options options)
    : lanes_(lanes), health_(health), calls_(calls), clock_(clock), options_(std::move(options)) {
  for (size_t i = 0; i < lanes_.size(); ++i) probes_.push_back(std::make_shared<Probe>());
}

void Watchdog::Start() {
  thread_ = Thread("watchdog", [this] { Run(); });
}

void Watchdog::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    stop_signal_.SignalAll();
  }
  thread_.Join();
}

void Watchdog::Run() {
  for (;;) {
    Check();
    MutexLock lock(mutex_);
    if (!stopping_) stop_signal_.WaitFor(mutex_, options_.interval);
    if (stopping_) return;
  }
}

void Watchdog::Check() {
  const TimePoint now = clock_.Now();
  const bool loops_answer = LoopsAnswer(now);
  if (loops_answer != std::exchange(loops_answer_, loops_answer)) {
    Log(loops_answer ? LogLevel::kInfo : LogLevel::kError,
        loops_answer ? "every event loop answers again" : "an event loop does not answer");
  }
  const bool workers_move = WorkersMove(now);
  if (workers_move != std::exchange(workers_move_, workers_move)) {
    Log(workers_move ? LogLevel::kInfo : LogLevel::kError,
        workers_move ? "every worker moves again" : "a worker does not end its execution");
  }
  health_.SetLive(loops_answer && workers_move);  // Publishes models as well.
}

bool Watchdog::LoopsAnswer(TimePoint now) {
  bool all = true;
  for (size_t i = 0; i < lanes_.size(); ++i) {
    Probe& probe = *probes_[i];
    if (probe.answered.load()) {
      probe.answered.store(false);
      probe.sent = now;
      Knock(calls_, *lanes_[i], clock_, probes_[i]);
    } else if (now - probe.sent > options_.stuck_after) {
      all = false;
    }
  }
  return all;
}

bool Watchdog::WorkersMove(TimePoint now) const {
  return !options_.longest_execution ||
         options_.longest_execution(now) <= options_.worker_stuck_after;
}

}  // namespace tournant
