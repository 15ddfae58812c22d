#pragma once

#include <coroutine>
#include <utility>

#include "cq/cq_tag.h"

namespace tournant {

// co_await CqOperation([&](void* tag) { writer.Finish(response, status, tag); }): starts a gRPC
// operation and resumes, on the queue's thread, with the `ok` that the queue gave for it. Whatever
// the operation refers to must live in the awaiting frame or longer: the tag always comes back, and
// until then the frame must not be destroyed.
template <class Start>
class [[nodiscard]] CqOperation final : public CqTag {
 public:
  explicit CqOperation(Start start) : start_(std::move(start)) {}

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    start_(Arm());  // *this may be gone from here on.
  }
  bool await_resume() const noexcept { return ok_; }

 private:
  void OnCompletion(bool ok) override {
    ok_ = ok;
    waiter_.resume();
  }

  Start start_;
  std::coroutine_handle<> waiter_;
  bool ok_ = false;
};

}  // namespace tournant
