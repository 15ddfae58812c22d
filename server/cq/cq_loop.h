#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/completion_queue.h>

#include <atomic>
#include <coroutine>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/event_loop.h"
#include "base/mutex.h"
#include "cq/cq_tag.h"

namespace tournant {

// One completion queue and the one thread that runs it: accepts calls, sends answers, resumes
// coroutines, fires timers. Nothing that runs here may block.
//
// Owned by the server, which runs Run() on a thread and ends it with Shutdown() when no call is
// left: after that nothing may be posted or started on the queue (gRPC aborts the process).
class CqLoop final : public EventLoop, private CqTag {
 public:
  CqLoop(std::unique_ptr<grpc::CompletionQueue> queue, const Clock& clock);
  ~CqLoop() override;

  // Until Shutdown and the queue is empty.
  void Run();
  // Any thread, once.
  void Shutdown();

  void Post(std::coroutine_handle<> handle) override { PostAll({&handle, 1}); }
  void PostAll(std::span<const std::coroutine_handle<>> handles) override;
  void AddTimer(Timer& timer, TimePoint when) override { timers_.Add(timer, when); }
  void RemoveTimer(Timer& timer) override { timers_.Remove(timer); }

  // The queue to start client operations on.
  grpc::CompletionQueue& queue() { return *queue_; }

  // Turns of the loop so far: a heartbeat for the watchdog. Any thread.
  uint64_t turns() const { return turns_.load(std::memory_order_relaxed); }

 private:
  void OnCompletion(bool ok) override;  // The wake-up alarm came.
  // And how long to wait for the queue: until the next timer, or not at all.
  gpr_timespec FireTimers();
  void ResumeLocal();
  bool OnOwnThread() const {
    return owner_.load(std::memory_order_relaxed) == std::this_thread::get_id();
  }

  const std::unique_ptr<grpc::CompletionQueue> queue_;
  const Clock& clock_;
  std::atomic<std::thread::id> owner_{};
  std::atomic<uint64_t> turns_{0};

  // The loop's thread only.
  TimerQueue timers_;
  std::vector<std::coroutine_handle<>> local_;    // Posted from this thread: needs no wake-up.
  std::vector<std::coroutine_handle<>> running_;  // Scratch of ResumeLocal.

  Mutex mutex_;
  std::vector<std::coroutine_handle<>> posted_ ABSL_GUARDED_BY(mutex_);
  bool armed_ ABSL_GUARDED_BY(mutex_) = false;
  grpc::Alarm wake_up_ ABSL_GUARDED_BY(mutex_);  // Set again only after its tag came out.
};

}  // namespace tournant
