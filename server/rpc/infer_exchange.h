#pragma once

#include <grpcpp/server_context.h>

#include <memory>
#include <stop_token>

#include "absl/status/status.h"
#include "base/call_context.h"
#include "base/call_count.h"
#include "base/clock.h"
#include "base/phase.h"
#include "base/task.h"
#include "inference/grpc_service.grpc.pb.h"
#include "pipeline/calls_in_flight.h"
#include "pipeline/predictor.h"
#include "rpc/call_settings.h"
#include "rpc/call_tracing.h"
#include "rpc/lane.h"
#include "rpc/methods.h"

namespace tournant {

// What every inference needs. Owned by InferenceService; outlives the calls.
struct InferDependencies {
  inference::GRPCInferenceService::AsyncService& service;
  Predictor& predictor;
  const Clock& clock;
  CallCount& calls;
  CallSettings settings;
  Tracer* tracer = nullptr;  // Null: nothing is recorded, traces are only passed on.
};

// One inference from its request message to its answer, its figures and its record: what a
// ModelInfer call and a request on a stream have in common. How messages come and go is for the
// owner, whose frame it lives in; on the call's loop only. The steps, in this order:
//
//   InferExchange exchange(method, dependencies, lane, context, cancelled);  // Phase Accepted.
//   absl::Status status = exchange.Decode(request, RequestSize(request));
//   if (status.ok()) status = co_await exchange.Predict();
//   exchange.Encode(status, response);                               // Phase Responding.
//   ... send `response`, or an error ...
//   exchange.End(status, code, response);                            // An end phase.
class InferExchange {
 public:
  // `cancelled` tells that the answer is not wanted any more.
  InferExchange(Method method, InferDependencies& dependencies, Lane& lane,
                const grpc::ServerContext& context, std::stop_token cancelled)
      : method_(method),
        dependencies_(dependencies),
        lane_(lane),
        phase_(dependencies.clock, &lane.metrics),
        trace_(StartCallTrace(dependencies.tracer, context)),
        call_{lane.loop,
              dependencies.clock,
              TimePoint(),
              std::move(cancelled),
              phase_,
              &context,
              trace_ ? &trace_->scope() : nullptr} {}

  // Moves the message's contents out of it, and sets the deadline. `bytes`: of the message.
  absl::Status Decode(inference::ModelInferRequest& request, size_t bytes);
  Task<absl::Status> Predict() {
    // Before the prediction, whose record may be saved before its answer.
    if (trace_ != nullptr && dependencies_.predictor.records()) {
      prediction_.traceparent = FormatTraceparent(trace_->context());
    }
    return dependencies_.predictor.Predict(call_, prediction_);
  }
  // Fills `response` when `status` is OK, which becomes an error when the answer is too large.
  void Encode(absl::Status& status, inference::ModelInferResponse& response);
  // After the answer is out, so that recording costs the caller nothing. `code` is the gRPC status
  // that the caller got; `response` is moved from. Returns how long it took since Accepted.
  Duration End(const absl::Status& status, int code, inference::ModelInferResponse& response);

 private:
  const Method method_;
  InferDependencies& dependencies_;
  Lane& lane_;
  CallPhase phase_;
  const std::unique_ptr<CallTrace> trace_;  // Mostly null.
  CallContext call_;
  Prediction prediction_;
  const CallsInFlight::Member in_flight_{lane_.in_flight, phase_, prediction_};
  bool encoded_ = false;
  Phase stage_ = Phase::kResponding;  // How far it had come when its status was known.
};

}  // namespace tournant
