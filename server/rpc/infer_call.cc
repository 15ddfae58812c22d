#include "rpc/infer_call.h"

#include <grpcpp/server_context.h>
#include <grpcpp/support/async_unary_call.h>

#include "cq/call_done.h"
#include "cq/cq_operation.h"
#include "rpc/methods.h"
#include "rpc/request_size.h"
#include "rpc/status_codec.h"

namespace tournant {
namespace {

// So many frames, the slots that wait for a call included, that a kilobyte of each is worth saving.
constexpr int64_t kMany = 2000;

}  // namespace

Detached ServeModelInfer(InferDependencies& dependencies, Lane& lane) {
  CallCount::Member here(dependencies.calls);  // Counted until this frame is gone.
  grpc::ServerContext context;
  SpareMessages::Lent messages(lane.messages);
  grpc::ServerAsyncResponseWriter<inference::ModelInferResponse> writer(&context);
  CallDone done(context);  // Before the request is posted.

  const bool started = co_await CqOperation([&](void* tag) {
    dependencies.service.RequestModelInfer(&context, &messages->request, &writer, lane.queue,
                                           lane.queue, tag);
  });
  if (!started) co_return;  // Shutting down: `done` will never fire.
  ServeModelInfer(dependencies, lane);

  constexpr size_t kMethod = static_cast<size_t>(Method::kModelInfer);
  lane.metrics.OnStarted(kMethod);
  InferExchange exchange(Method::kModelInfer, dependencies, lane, context, done.cancelled());
  const size_t received = RequestSize(messages->request);
  absl::Status status = exchange.Decode(messages->request, received);
  if (dependencies.calls.value() > kMany) messages.GiveBack();
  if (status.ok()) status = co_await exchange.Predict();

  inference::ModelInferResponse& response = messages->response;
  exchange.Encode(status, response);
  const grpc::Status wire = ToWire(status, dependencies.settings.dialect, context);
  const bool sent = co_await CqOperation([&](void* tag) {
    if (wire.ok()) {
      writer.Finish(response, wire, tag);
    } else {
      writer.FinishWithError(wire, tag);
    }
  });
  if (!sent && status.ok()) status = absl::CancelledError("the caller had gone");
  MessageBytes bytes{.received = static_cast<int64_t>(received)};
  if (wire.ok()) bytes.sent = response.GetCachedSize();  // Known since it was serialized.
  const Duration total = exchange.End(status, wire.error_code(), response);
  lane.metrics.OnFinished(kMethod, wire.error_code(), total, bytes);
  co_await done;  // gRPC holds its tag until then.
}

}  // namespace tournant
