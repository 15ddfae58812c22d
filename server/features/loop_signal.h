#pragma once

#include <coroutine>
#include <utility>

#include "base/event_loop.h"
#include "base/timer.h"

namespace tournant {

// Lets one coroutine of a loop wait for others of the same loop, or for a moment, whichever comes
// first. Lives in the waiting frame; touched on the loop's thread only. A Signal that nobody waits
// for is kept for the next wait.
class LoopSignal final : private Timer {
 public:
  explicit LoopSignal(EventLoop& loop) : loop_(loop) {}
  ~LoopSignal() {
    if (pending()) loop_.RemoveTimer(*this);
  }

  // The waiter is resumed by its loop, never inside of this.
  void Signal() {
    signalled_ = true;
    if (waiter_) loop_.Post(std::exchange(waiter_, nullptr));
  }

  // co_await signal.Next(), co_await signal.NextOr(when)
  struct Wait {
    LoopSignal& signal;
    bool await_ready() const noexcept { return signal.signalled_; }
    void await_suspend(std::coroutine_handle<> waiter) noexcept { signal.waiter_ = waiter; }
    void await_resume() noexcept {
      if (signal.pending()) signal.loop_.RemoveTimer(signal);
      signal.signalled_ = false;
    }
  };
  Wait Next() { return {*this}; }
  Wait NextOr(TimePoint when) {
    loop_.AddTimer(*this, when);
    return {*this};
  }

 private:
  void OnTimer() override { Signal(); }

  EventLoop& loop_;
  std::coroutine_handle<> waiter_;
  bool signalled_ = false;
};

}  // namespace tournant
