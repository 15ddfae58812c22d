#include "cpp/async_infer.h"

#include <optional>
#include <utility>

#include "cpp/rpc_error.h"
#include "grpcpp/client_context.h"

namespace tournant::client {

struct AsyncInfer::Call {
  uint64_t id = 0;
  TimePoint start;
  std::optional<grpc::ClientContext> context;
  std::unique_ptr<grpc::ClientAsyncResponseReader<inference::ModelInferResponse>> reader;
  inference::ModelInferResponse response;
  grpc::Status status;
};

AsyncInfer::AsyncInfer(inference::GRPCInferenceService::Stub& stub, const Clock& clock,
                       const Options& options, Done done)
    : stub_(stub), clock_(clock), options_(options), done_(std::move(done)) {
  calls_.reserve(options_.concurrency);
  idle_.reserve(options_.concurrency);
  for (size_t i = 0; i < options_.concurrency; ++i) {
    calls_.push_back(std::make_unique<Call>());
    idle_.push_back(calls_.back().get());
  }
}

AsyncInfer::~AsyncInfer() {
  for (const std::unique_ptr<Call>& call : calls_) {
    if (call->context.has_value()) call->context->TryCancel();
  }
  queue_.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) {
  }
}

void AsyncInfer::Start(uint64_t id, const inference::ModelInferRequest& request) {
  Call* const call = idle_.back();
  idle_.pop_back();
  ++in_flight_;
  call->id = id;
  call->response.Clear();
  call->context.emplace();
  call->context->set_deadline(clock_.WallNow() + options_.deadline);
  call->start = clock_.Now();
  call->reader = stub_.AsyncModelInfer(&*call->context, request, &queue_);
  call->reader->Finish(&call->response, &call->status, call);
}

bool AsyncInfer::Wait() {
  if (in_flight_ == 0) return false;
  void* tag = nullptr;
  bool ok = false;
  if (!queue_.Next(&tag, &ok)) return false;
  Call* const call = static_cast<Call*>(tag);
  const Duration latency = clock_.Now() - call->start;
  call->reader.reset();
  call->context.reset();
  --in_flight_;
  absl::Status status = FromRpc(call->status);
  // gRPC says of a garbled message so alone that it could not be read, and leaves a part of it.
  if (status.ok() && !ok) {
    status = absl::InternalError("the answer is no ModelInferResponse");
    call->response.Clear();
  }
  done_(call->id, status, call->response, latency);
  idle_.push_back(call);
  return true;
}

}  // namespace tournant::client
