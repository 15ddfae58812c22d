#include "base/handoff.h"

namespace tournant {

bool HandoffWait::Prepare(std::coroutine_handle<> waiter) {
  status_ = call_.Alive();
  if (!status_.ok()) {
    handoff_.Claim();
    return false;
  }
  handoff_.waiter_ = waiter;
  handoff_.home_ = &call_.home;
  return true;
}

bool HandoffWait::Wait(absl::Status started) {
  status_ = std::move(started);
  if (!status_.ok()) {
    handoff_.Claim();
    return false;
  }
  call_.home.AddTimer(*this, call_.deadline);
  on_cancel_.emplace(call_.cancelled, OnCancel{this});
  return true;
}

absl::Status HandoffWait::await_resume() {
  on_cancel_.reset();
  if (pending()) call_.home.RemoveTimer(*this);
  return std::move(status_);
}

void HandoffWait::OnCancel::operator()() const {
  const absl::Status why = self->call_.Alive();
  self->End(why.ok() ? absl::CancelledError("the call was cancelled") : why);
}

void HandoffWait::End(absl::Status why) {
  if (!handoff_.Claim()) return;
  status_ = std::move(why);
  // Not resumed here: this may run inside request_stop(), whose state the frame could free.
  handoff_.Resume();
}

}  // namespace tournant
