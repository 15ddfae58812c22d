// Which workers of the pool sleep, and who of them is woken.

#include <algorithm>
#include <chrono>
#include <vector>

#include "inference/pool_worker.h"
#include "inference/worker_pool.h"

namespace tournant {

void WorkerPool::Sleep(Worker& self, std::optional<Duration> at_most) {
  self.asleep = true;
  self.watches = at_most.has_value();
  sleeping_.push_back(&self);
  if (at_most) {
    self.wake.WaitFor(mutex_, std::max(*at_most, Duration(1)));
  } else {
    SleepOnGuard(self);
  }
  if (self.asleep) Rouse(self);
}

void WorkerPool::SleepOnGuard(Worker& self) {
  while (self.asleep) {
    if (guard_ != &self) {
      self.wake.Wait(mutex_);
      continue;
    }
    self.wake.WaitFor(mutex_, options_.guard_period);
    if (!self.asleep) return;
    if (AnyToTake() && NeedsWorker(clock_.Now())) return;
    // Who comes to an idle pool is woken for.
    if (sleeping_.size() == workers_.size()) guard_ = nullptr;
  }
}

WorkerPool::Worker* WorkerPool::PostGuard() {
  if (guard_ != nullptr || sleeping_.empty()) return nullptr;
  guard_ = sleeping_.front();  // The last that is woken for work.
  return guard_;
}

WorkerPool::Worker* WorkerPool::TakeSleeper() {
  if (sleeping_.empty()) return nullptr;
  Worker* const worker = sleeping_.back();
  Rouse(*worker);
  worker->free_at = TimePoint::min();
  return worker;
}

void WorkerPool::Rouse(Worker& worker) {
  worker.asleep = false;
  std::erase(sleeping_, &worker);
  if (guard_ == &worker) guard_ = nullptr;
}

bool WorkerPool::NeedsWorker(TimePoint now) const {
  WakeSnapshot snapshot;
  snapshot.sleeping = static_cast<int>(sleeping_.size());
  snapshot.awake = options_.workers - snapshot.sleeping;
  snapshot.queued_work = backlog_;
  if (snapshot.sleeping > 0 && snapshot.awake > 0) {
    Duration next_free = std::chrono::hours(1);
    for (const auto& worker : workers_) {
      if (worker->asleep || worker->free_at == TimePoint::max()) continue;
      // One that is late may be late by as much again: nobody else would find out that it hangs.
      const Duration left = worker->free_at == TimePoint::min()
                                ? Duration::zero()
                                : std::chrono::abs(worker->free_at - now);
      next_free = std::min(next_free, left);
    }
    snapshot.next_free = next_free;
  }
  return ShouldWake(snapshot, options_.wake_threshold);
}

bool WorkerPool::SomeoneWatches() const {
  return std::any_of(sleeping_.begin(), sleeping_.end(),
                     [](const Worker* worker) { return worker->watches; });
}

}  // namespace tournant
