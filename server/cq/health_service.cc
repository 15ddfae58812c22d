#include "cq/health_service.h"

#include <grpcpp/server_context.h>
#include <grpcpp/support/async_stream.h>
#include <grpcpp/support/async_unary_call.h>

#include <coroutine>
#include <optional>
#include <stop_token>
#include <utility>

#include "cq/call_done.h"
#include "cq/cq_operation.h"

namespace tournant {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

// One Watch call's place among those to be told. Lives in the call's frame.
class HealthService::Watcher {
 public:
  Watcher(HealthService& health, EventLoop& home, std::stop_token cancelled)
      : health_(health), home_(home), cancelled_(std::move(cancelled)) {
    MutexLock lock(health_.mutex_);
    place_ = health_.watchers_.insert(health_.watchers_.end(), this);
  }
  ~Watcher() {
    MutexLock lock(health_.mutex_);
    health_.watchers_.erase(place_);
  }
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  // co_await Change{watcher, name, last}: until the state of `name` may differ from `last`. Gives
  // the state, or nothing when the caller has left or the service has ended.
  struct Change {
    Watcher& watcher;
    const std::string& name;
    HealthCheckResponse::ServingStatus last;

    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> waiter) {
      MutexLock lock(watcher.health_.mutex_);
      if (watcher.Over() || watcher.health_.StateOf(name) != last) return false;
      watcher.waiter_ = waiter;
      return true;
    }
    std::optional<HealthCheckResponse::ServingStatus> await_resume() const {
      MutexLock lock(watcher.health_.mutex_);
      if (watcher.Over()) return std::nullopt;
      return watcher.health_.StateOf(name);
    }
  };

  // Makes it look again. Under the service's lock, so that a frame cannot end meanwhile.
  void Wake() {
    if (waiter_) home_.Post(std::exchange(waiter_, nullptr));
  }

 private:
  bool Over() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(health_.mutex_) {
    return health_.ended_ || cancelled_.stop_requested();
  }

  HealthService& health_;
  EventLoop& home_;
  const std::stop_token cancelled_;
  std::list<Watcher*>::iterator place_;
  std::coroutine_handle<> waiter_;  // Guarded by the service's lock.
};

// One call's figures. Lives in the call's frame.
class HealthService::CountedCall {
 public:
  CountedCall(const Counted& counted, size_t method, const HealthCheckRequest& request)
      : counted_(counted), method_(method) {
    if (counted_.calls == nullptr) return;
    counted_.calls->OnStarted(method_);
    start_ = counted_.clock->Now();
    bytes_.received = static_cast<int64_t>(request.ByteSizeLong());
  }
  void Sent(const HealthCheckResponse& response) { bytes_.sent += response.GetCachedSize(); }
  void Finished(grpc::StatusCode code) {
    if (counted_.calls == nullptr) return;
    counted_.calls->OnFinished(method_, code, counted_.clock->Now() - start_, bytes_);
  }

 private:
  const Counted counted_;
  const size_t method_;
  TimePoint start_;
  MessageBytes bytes_;
};

void HealthService::Accept(CqLoop& loop, grpc::ServerCompletionQueue& queue, Counted counted) {
  ServeCheck(*this, queue, counted);
  ServeWatch(*this, loop, queue, counted);
}

void HealthService::Set(const std::string& name, bool serving) {
  MutexLock lock(mutex_);
  const auto [entry, added] = serving_.emplace(name, serving);
  if (!added && entry->second == serving) return;
  entry->second = serving;
  for (Watcher* watcher : watchers_) watcher->Wake();
}

void HealthService::End() {
  MutexLock lock(mutex_);
  ended_ = true;
  for (Watcher* watcher : watchers_) watcher->Wake();
}

HealthCheckResponse::ServingStatus HealthService::StateOf(const std::string& name) const {
  const auto found = serving_.find(name);
  if (found == serving_.end()) return Status::SERVICE_UNKNOWN;
  return found->second ? Status::SERVING : Status::NOT_SERVING;
}

Detached HealthService::ServeCheck(HealthService& self, grpc::ServerCompletionQueue& queue,
                                   Counted counted) {
  CallCount::Member here(self.calls_);
  grpc::ServerContext context;
  HealthCheckRequest request;
  HealthCheckResponse response;
  grpc::ServerAsyncResponseWriter<HealthCheckResponse> writer(&context);
  CallDone done(context);
  const bool started = co_await CqOperation([&](void* tag) {
    self.service_.RequestCheck(&context, &request, &writer, &queue, &queue, tag);
  });
  if (!started) co_return;
  ServeCheck(self, queue, counted);

  CountedCall figures(counted, counted.check, request);
  {
    MutexLock lock(self.mutex_);
    response.set_status(self.StateOf(request.service()));
  }
  const bool known = response.status() != Status::SERVICE_UNKNOWN;
  co_await CqOperation([&](void* tag) {
    if (known) {
      writer.Finish(response, grpc::Status::OK, tag);
    } else {
      writer.FinishWithError(grpc::Status(grpc::StatusCode::NOT_FOUND, "service name unknown"),
                             tag);
    }
  });
  if (known) figures.Sent(response);
  figures.Finished(known ? grpc::StatusCode::OK : grpc::StatusCode::NOT_FOUND);
  co_await done;
}

Detached HealthService::ServeWatch(HealthService& self, CqLoop& loop,
                                   grpc::ServerCompletionQueue& queue, Counted counted) {
  CallCount::Member here(self.calls_);
  grpc::ServerContext context;
  HealthCheckRequest request;
  HealthCheckResponse response;
  grpc::ServerAsyncWriter<HealthCheckResponse> writer(&context);
  CallDone done(context);
  const bool started = co_await CqOperation([&](void* tag) {
    self.service_.RequestWatch(&context, &request, &writer, &queue, &queue, tag);
  });
  if (!started) co_return;
  ServeWatch(self, loop, queue, counted);

  CountedCall figures(counted, counted.watch, request);
  {
    Watcher watcher(self, loop, done.cancelled());
    const auto leave = [&self, &watcher] {
      MutexLock lock(self.mutex_);
      watcher.Wake();
    };
    const std::stop_callback on_leave(done.cancelled(), leave);
    response.set_status(Status::UNKNOWN);  // Never a name's state: the first look is a change.
    for (;;) {
      const auto state = co_await Watcher::Change{watcher, request.service(), response.status()};
      if (!state) break;
      if (*state == response.status()) continue;  // It went and came back meanwhile.
      response.set_status(*state);
      if (!co_await CqOperation([&](void* tag) { writer.Write(response, tag); })) break;
      figures.Sent(response);
    }
  }
  const grpc::Status end(grpc::StatusCode::UNAVAILABLE, "the server is shutting down");
  const bool sent = co_await CqOperation([&](void* tag) { writer.Finish(end, tag); });
  figures.Finished(sent ? end.error_code() : grpc::StatusCode::CANCELLED);
  co_await done;
}

}  // namespace tournant
