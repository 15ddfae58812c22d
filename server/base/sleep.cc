#include "base/sleep.h"

#include <algorithm>

namespace tournant {

void SleepUntil::await_suspend(std::coroutine_handle<> waiter) {
  waiter_ = waiter;
  call_.home.AddTimer(*this, std::min(when_, call_.deadline));
  on_cancel_.emplace(call_.cancelled, OnCancel{this});
}

absl::Status SleepUntil::await_resume() {
  on_cancel_.reset();
  if (pending()) call_.home.RemoveTimer(*this);
  if (call_.cancelled.stop_requested() || when_ > call_.deadline) return call_.Alive();
  return absl::OkStatus();
}

void SleepUntil::Wake() {
  if (woken_) return;
  woken_ = true;
  call_.home.Post(waiter_);
}

}  // namespace tournant
