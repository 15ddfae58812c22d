#pragma once

#include <deque>
#include <vector>

#include "base/event_loop.h"
#include "base/mutex.h"
#include "fakes/manual_clock.h"

namespace tournant {

// An event loop that runs only when told, on the test's thread, with a manual clock. Post may come
// from any thread; the rest is for the test's thread.
class ManualLoop final : public EventLoop {
 public:
  explicit ManualLoop(ManualClock& clock) : clock_(clock) {}

  void Post(std::coroutine_handle<> handle) override { PostAll({&handle, 1}); }
  void PostAll(std::span<const std::coroutine_handle<>> handles) override {
    MutexLock lock(mutex_);
    ready_.insert(ready_.end(), handles.begin(), handles.end());
    posted_.SignalAll();
  }
  void AddTimer(Timer& timer, TimePoint when) override { timers_.Add(timer, when); }
  void RemoveTimer(Timer& timer) override { timers_.Remove(timer); }

  // Fires due timers and resumes what was posted until nothing is left; the number resumed.
  size_t RunUntilIdle() {
    size_t resumed = 0;
    for (;;) {
      timers_.FireDue(clock_.Now());
      const std::coroutine_handle<> next = Pop();
      if (!next) return resumed;
      next.resume();
      ++resumed;
    }
  }
  // Blocks until another thread has posted, then runs until idle.
  size_t WaitAndRun() {
    {
      MutexLock lock(mutex_);
      while (ready_.empty()) posted_.Wait(mutex_);
    }
    return RunUntilIdle();
  }
  size_t Advance(Duration by) {
    clock_.Advance(by);
    return RunUntilIdle();
  }
  size_t pending_timers() const { return timers_.size(); }

 private:
  std::coroutine_handle<> Pop() {
    MutexLock lock(mutex_);
    if (ready_.empty()) return nullptr;
    const std::coroutine_handle<> next = ready_.front();
    ready_.pop_front();
    return next;
  }

  ManualClock& clock_;
  TimerQueue timers_;
  Mutex mutex_;
  CondVar posted_;
  std::deque<std::coroutine_handle<>> ready_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tournant
