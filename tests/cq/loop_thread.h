#pragma once

#include <grpcpp/completion_queue.h>

#include <coroutine>
#include <memory>
#include <utility>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/thread.h"
#include "cq/cq_loop.h"

namespace tournant {

// A loop on a completion queue with the thread that runs it, until the end of the test.
class LoopThread {
 public:
  explicit LoopThread(
      std::unique_ptr<grpc::CompletionQueue> queue = std::make_unique<grpc::CompletionQueue>())
      : loop_(std::move(queue), clock_), thread_("loop", [this] { loop_.Run(); }) {}
  ~LoopThread() { Stop(); }

  // Ends the loop and waits until its queue is empty. Once.
  void Stop() {
    if (!thread_.joinable()) return;
    loop_.Shutdown();
    thread_.Join();
  }

  CqLoop& loop() { return loop_; }
  const Clock& clock() const { return clock_; }

 private:
  SystemClock clock_;
  CqLoop loop_;
  Thread thread_;
};

// co_await Hop(loop): goes on there.
struct Hop {
  explicit Hop(EventLoop& loop) : loop(loop) {}
  EventLoop& loop;
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) { loop.Post(waiter); }
  void await_resume() const noexcept {}
};

// Counts down from other threads; the test waits for zero.
class Latch {
 public:
  explicit Latch(int count = 1) : count_(count) {}
  void CountDown() {
    MutexLock lock(mutex_);
    --count_;
    changed_.SignalAll();
  }
  void Wait() {
    MutexLock lock(mutex_);
    while (count_ > 0) changed_.Wait(mutex_);
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  int count_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tournant
