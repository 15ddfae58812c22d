#include "rpc/stream_call.h"

#include <grpcpp/server_context.h>

#include <string>

#include "absl/status/status.h"
#include "cq/call_done.h"
#include "cq/cq_operation.h"
#include "rpc/infer_stream.h"
#include "rpc/methods.h"
#include "rpc/status_codec.h"

namespace tournant {
namespace {

// What the frames of a stream's requests share; lives in the stream's frame.
struct OpenCall {
  InferDependencies& dependencies;
  Lane& lane;
  const grpc::ServerContext& context;
  InferStream& stream;
  MessageBytes& bytes;
};

// With this header every error becomes the status of the stream, which it ends.
bool ErrorsEndTheStream(const grpc::ServerContext& context) {
  const auto found = context.client_metadata().find("triton_grpc_error");
  return found != context.client_metadata().end() && found->second == "true";
}

InferStream::Options StreamOptions(const CallSettings& settings,
                                   const grpc::ServerContext& context) {
  return {settings.stream_requests, settings.max_message_bytes, ErrorsEndTheStream(context)};
}

Detached ServeRequest(OpenCall& call);

void ReadOn(OpenCall& call) {
  if (call.stream.BeginRead()) ServeRequest(call);
}

// Turns an error into the message that is sent for it: its text, and the request's id alone.
void FillError(const absl::Status& status, inference::ModelStreamInferResponse& message) {
  inference::ModelInferResponse& response = *message.mutable_infer_response();
  const std::string id = response.id();
  response.Clear();
  response.set_id(id);
  const std::string text(status.message());
  // Without a text it would not be an error to the caller.
  message.set_error_message(text.empty() ? absl::StatusCodeToString(status.code()) : text);
}

// One request, from the read to its answer.
Detached ServeRequest(OpenCall& call) {
  InferStream& stream = call.stream;
  inference::ModelInferRequest request;
  const bool read = co_await CqOperation([&](void* tag) { stream.io().Read(&request, tag); });
  InferStream::Place place;
  if (!stream.EndRead(read, request, place)) co_return;
  call.bytes.received += static_cast<int64_t>(place.bytes);
  ReadOn(call);

  inference::ModelStreamInferResponse message;
  inference::ModelInferResponse& response = *message.mutable_infer_response();
  response.set_id(request.id());
  {
    InferExchange exchange(Method::kModelStreamInfer, call.dependencies, call.lane, call.context,
                           stream.cancelled());
    absl::Status status = exchange.Decode(request, place.bytes);
    if (status.ok()) status = co_await exchange.Predict();
    exchange.Encode(status, response);
    if (status.ok()) {
      (*response.mutable_parameters())["triton_final_response"].set_bool_param(true);
    } else {
      FillError(status, message);
    }
    stream.Resize(place, message.ByteSizeLong());

    co_await stream.BeginWrite(place);
    bool sent = false;
    if (!status.ok() && stream.errors_end_it() && stream.may_write()) {
      stream.Fail(status);
    } else if (stream.may_write()) {
      sent = co_await CqOperation([&](void* tag) { stream.io().Write(message, tag); });
    }
    if (sent) call.bytes.sent += static_cast<int64_t>(place.bytes);
    stream.EndWrite(place);
    if (!sent && status.ok()) status = absl::CancelledError("the caller had gone");
    const grpc::StatusCode code = WireCode(status, call.dependencies.settings.dialect);
    exchange.End(status, code, response);
  }
  stream.Leave(place);
  ReadOn(call);
}

}  // namespace

Detached ServeModelStreamInfer(InferDependencies& dependencies, Lane& lane) {
  CallCount::Member here(dependencies.calls);  // Counted until this frame is gone.
  grpc::ServerContext context;
  InferStream::Io io(&context);
  CallDone done(context);  // Before the call is posted.

  const bool started = co_await CqOperation([&](void* tag) {
    dependencies.service.RequestModelStreamInfer(&context, &io, lane.queue, lane.queue, tag);
  });
  if (!started) co_return;  // Shutting down: `done` will never fire.
  ServeModelStreamInfer(dependencies, lane);

  constexpr size_t kMethod = static_cast<size_t>(Method::kModelStreamInfer);
  const TimePoint accepted = dependencies.clock.Now();
  lane.metrics.OnStarted(kMethod);
  grpc::Status wire;
  MessageBytes bytes;
  {
    InferStream stream(io, lane.loop, lane.streams, done.cancelled(),
                       StreamOptions(dependencies.settings, context));
    OpenCall call{dependencies, lane, context, stream, bytes};
    ReadOn(call);
    co_await stream.Settled();
    wire = ToWire(stream.status(), dependencies.settings.dialect, context);
    const bool sent = co_await CqOperation([&](void* tag) { io.Finish(wire, tag); });
    if (!sent) wire = grpc::Status::CANCELLED;
    // A read that was under way when the stream was ended from this side.
    co_await stream.ReadReturned();
  }
  lane.metrics.OnFinished(kMethod, wire.error_code(), dependencies.clock.Now() - accepted, bytes);
  co_await done;  // gRPC holds its tag until then.
}

}  // namespace tournant
