#pragma once

#include <grpcpp/server_context.h>

#include <coroutine>
#include <stop_token>

#include "cq/cq_tag.h"

namespace tournant {

// The done notification of one server call, as something to await and as the source of the call's
// stop token. Lives in the call's frame, made before the call is requested. Touched only by the
// queue's thread.
//
// Await it last, and only when the call has started: gRPC sends the notification for every call
// that began and for no other, and holds the tag until then.
class CallDone final : public CqTag {
 public:
  explicit CallDone(grpc::ServerContext& context) : context_(context) {
    context.AsyncNotifyWhenDone(Arm());
  }

  // Requested when the caller cancels, its connection breaks or its gRPC deadline passes.
  std::stop_token cancelled() const { return stop_.get_token(); }

  bool await_ready() const noexcept { return arrived_; }
  void await_suspend(std::coroutine_handle<> waiter) noexcept { waiter_ = waiter; }
  void await_resume() const noexcept {}

 private:
  void OnCompletion(bool ok) override {
    arrived_ = true;
    // IsCancelled is legal only from here on.
    if (context_.IsCancelled()) stop_.request_stop();
    if (waiter_) waiter_.resume();
  }

  grpc::ServerContext& context_;
  std::stop_source stop_;
  std::coroutine_handle<> waiter_;
  bool arrived_ = false;
};

}  // namespace tournant
