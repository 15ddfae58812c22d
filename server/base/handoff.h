#pragma once

#include <atomic>
#include <coroutine>
#include <optional>
#include <stop_token>
#include <utility>

#include "absl/status/status.h"
#include "base/call_context.h"
#include "base/event_loop.h"

namespace tournant {

// Work that one coroutine awaits and another thread does. Three things may end the wait: the worker
// has a result, the deadline passes, the caller goes away. Whoever wins Claim() ends it, and only
// the winner writes the result; the others drop theirs. So the waiting frame is resumed exactly
// once, and a worker that comes late touches only this object, which it shares.
//
// Held by shared_ptr by the waiter and the worker. Derive from it to add inputs and a result.
class Handoff {
 public:
  Handoff() = default;
  Handoff(const Handoff&) = delete;
  Handoff& operator=(const Handoff&) = delete;

  // Any thread. True for exactly one caller, ever. After true: write the result, then post waiter()
  // to home().
  bool Claim() { return !claimed_.exchange(true, std::memory_order_acq_rel); }
  // Any thread; a hint that the work is no longer wanted, so that a worker can skip it.
  bool claimed() const { return claimed_.load(std::memory_order_acquire); }

  // After Claim() said true.
  std::coroutine_handle<> waiter() const { return waiter_; }
  EventLoop& home() const { return *home_; }
  void Resume() { home_->Post(waiter_); }

 protected:
  ~Handoff() = default;

 private:
  friend class HandoffWait;
  std::atomic<bool> claimed_{false};
  EventLoop* home_ = nullptr;
  std::coroutine_handle<> waiter_;
};

// What every HandoffAwaiter is, whatever it starts.
class HandoffWait : public Timer {
 public:
  bool await_ready() const noexcept { return false; }
  absl::Status await_resume();

 protected:
  HandoffWait(const CallContext& call, Handoff& handoff) : call_(call), handoff_(handoff) {}
  ~HandoffWait() = default;

  // False when the call has ended: nothing may be started.
  bool Prepare(std::coroutine_handle<> waiter);
  // `started` is what starting gave. False when that was an error: nothing is waited for.
  bool Wait(absl::Status started);

 private:
  void OnTimer() override { End(absl::DeadlineExceededError("the deadline has passed")); }
  void End(absl::Status why);

  struct OnCancel {
    HandoffWait* self;
    void operator()() const;
  };

  const CallContext& call_;
  Handoff& handoff_;
  absl::Status status_;
  std::optional<std::stop_callback<OnCancel>> on_cancel_;
};

// co_await HandoffAwaiter(call, handoff, start): calls start() once everything is in place, and
// resumes on the call's loop with OK when the worker claimed and wrote a result, or with CANCELLED
// or DEADLINE_EXCEEDED. `start` returns a status; when it is not OK the wait ends at once with it
// and the handoff is not used. It must not run the work on this thread.
template <class Start>
class HandoffAwaiter final : public HandoffWait {
 public:
  HandoffAwaiter(const CallContext& call, Handoff& handoff, Start start)
      : HandoffWait(call, handoff), start_(std::move(start)) {}

  // The result can only come back by Post, that is after this function has returned to the loop.
  bool await_suspend(std::coroutine_handle<> waiter) { return Prepare(waiter) && Wait(start_()); }

 private:
  Start start_;
};

}  // namespace tournant
