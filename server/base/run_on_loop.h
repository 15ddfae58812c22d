#pragma once

#include <coroutine>
#include <functional>
#include <utility>

#include "base/executor.h"
#include "base/task.h"

namespace tournant {

// `co_await SwitchTo(loop)`: the coroutine goes on on the thread of `loop`.
class SwitchTo {
 public:
  explicit SwitchTo(Executor& loop) : loop_(loop) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> here) const { loop_.Post(here); }
  void await_resume() const noexcept {}

 private:
  Executor& loop_;
};

// Runs `work` on the loop's thread, later. Any thread; the loop must not have been shut down.
inline Detached RunOnLoop(Executor& loop, std::function<void()> work) {
  co_await SwitchTo(loop);
  work();
}

}  // namespace tournant
