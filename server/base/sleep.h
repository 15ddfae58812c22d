#pragma once

#include <coroutine>

#include "absl/status/status.h"
#include "base/call_context.h"
#include "base/handoff.h"

namespace tournant {

// co_await SleepUntil(call, when): OK at `when`, or earlier with what ended the call. Resumes on
// the call's loop.
class SleepUntil final : public Timer {
 public:
  SleepUntil(const CallContext& call, TimePoint when) : call_(call), when_(when) {}

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter);
  absl::Status await_resume();

 private:
  void OnTimer() override { Wake(); }
  void Wake();
  struct OnCancel {
    SleepUntil* self;
    void operator()() const { self->Wake(); }
  };

  const CallContext& call_;
  const TimePoint when_;
  std::coroutine_handle<> waiter_;
  bool woken_ = false;
  std::optional<std::stop_callback<OnCancel>> on_cancel_;
};

}  // namespace tournant
