#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "base/call_count.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "base/thread.h"
#include "rpc/health.h"
#include "rpc/lane.h"

namespace tournant {

// Knocks at every event loop, which is how their lag is measured, and says "not live" when one does
// not answer, or when a worker is at the same execution for too long: gRPC's own health threads
// answer even when ours hang. Also publishes models that came or went. One thread of its own from
// Start on.
class Watchdog {
 public:
  struct Options {
    std::chrono::milliseconds interval{1000};
    std::chrono::milliseconds stuck_after{10000};  // Far above any loop turn that does its job.
    // For how long the longest-running execution has been going. Any thread; must not block. Empty:
    // workers are not watched.
    std::function<Duration(TimePoint now)> longest_execution;
    // An execution cannot be cancelled, so it may outlast its call. But twice the 30 s that a call
    // may last unless told otherwise (--max_deadline) is no execution that anybody meant.
    std::chrono::milliseconds worker_stuck_after{60000};
  };

  // `lanes`, `health`, `calls` and what `options` calls must outlive it. Its probes are counted in
  // `calls`.
  Watchdog(const std::vector<std::unique_ptr<Lane>>& lanes, Health& health, CallCount& calls,
           const Clock& clock, Options options);
  ~Watchdog() { Stop(); }

  // A look every interval, on its thread, the first one now. Once.
  void Start();
  // No probe is started afterwards. Call it before waiting for `calls` to reach zero.
  void Stop();

  // One look. Not after Start, whose thread does it.
  void Check();

 private:
  struct Probe;

  void Run();
  // False when one has not for too long. Knocks at those that have.
  bool LoopsAnswer(TimePoint now);
  bool WorkersMove(TimePoint now) const;

  const std::vector<std::unique_ptr<Lane>>& lanes_;
  Health& health_;
  CallCount& calls_;
  const Clock& clock_;
  const Options options_;
  // Whoever calls Check only.
  std::vector<std::shared_ptr<Probe>> probes_;  // One per lane.
  bool loops_answer_ = true;
  bool workers_move_ = true;

  Mutex mutex_;
  CondVar stop_signal_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  Thread thread_;
};

}  // namespace tournant
