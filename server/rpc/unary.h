#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/async_unary_call.h>

#include <chrono>

#include "absl/status/status.h"
#include "base/call_context.h"
#include "base/call_count.h"
#include "base/clock.h"
#include "base/phase.h"
#include "base/task.h"
#include "cq/call_done.h"
#include "cq/cq_operation.h"
#include "cq/time_left.h"
#include "rpc/lane.h"
#include "rpc/methods.h"
#include "rpc/status_codec.h"

namespace tournant {

// What every slot needs; all of it outlives the calls.
struct UnaryDependencies {
  CallCount& calls;
  const Clock& clock;
  StatusDialect dialect;
};

// The generated Request<Name> of `service`, a pointer to the AsyncService, as something to pass on.
#define TOURNANT_REQUEST(service, Name) \
  [to = (service)](auto... arguments) { to->Request##Name(arguments...); }

// For callers that set no deadline: what is awaited here, such as a load, takes its time.
inline constexpr std::chrono::hours kLongestUnary{24};

// Serves one slot of a unary method, and refills it. `request_call` is TOURNANT_REQUEST's;
// `answer(call, request, response)` fills the response in a Task<absl::Status>. Both are copied
// into every frame, so they capture pointers at most.
template <class Request, class Response, class RequestCall, class Answer>
Detached ServeAwaited(UnaryDependencies dependencies, Lane& lane, Method method,
                      RequestCall request_call, Answer answer) {
  CallCount::Member here(dependencies.calls);
  grpc::ServerContext context;
  Request request;
  Response response;
  grpc::ServerAsyncResponseWriter<Response> writer(&context);
  CallDone done(context);

  const bool started = co_await CqOperation(
      [&](void* tag) { request_call(&context, &request, &writer, lane.queue, lane.queue, tag); });
  if (!started) co_return;  // Shutting down; gRPC sends no done notification for such a call.
  ServeAwaited<Request, Response>(dependencies, lane, method, request_call, answer);

  const TimePoint start = dependencies.clock.Now();
  lane.metrics.OnStarted(static_cast<size_t>(method));
  MessageBytes bytes{.received = static_cast<int64_t>(request.ByteSizeLong())};
  CallPhase phase(dependencies.clock, nullptr);
  const CallContext call{lane.loop,
                         dependencies.clock,
                         start + TimeLeft(context).value_or(kLongestUnary),
                         done.cancelled(),
                         phase,
                         &context};
  const absl::Status status = co_await answer(call, request, response);
  const grpc::Status wire = ToWire(status, dependencies.dialect, context);
  co_await CqOperation([&](void* tag) {
    if (wire.ok()) {
      writer.Finish(response, wire, tag);
    } else {
      writer.FinishWithError(wire, tag);
    }
  });
  if (wire.ok()) bytes.sent = response.GetCachedSize();  // Known since it was serialized.
  lane.metrics.OnFinished(static_cast<size_t>(method), wire.error_code(),
                          dependencies.clock.Now() - start, bytes);
  co_await done;
}

template <class Answer, class Request, class Response>
Task<absl::Status> AnswerNow(Answer answer, const Request& request, Response& response) {
  co_return answer(request, response);
}

// The same for a method whose answer needs no await: `answer(request, response)` is an
// absl::Status.
template <class Request, class Response, class RequestCall, class Answer>
void ServeUnary(UnaryDependencies dependencies, Lane& lane, Method method, RequestCall request_call,
                Answer answer) {
  ServeAwaited<Request, Response>(
      dependencies, lane, method, request_call,
      [answer](const CallContext&, const Request& request, Response& response) {
        return AnswerNow(answer, request, response);
      });
}

}  // namespace tournant
