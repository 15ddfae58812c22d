// The floor that the model server is measured against: the most frugal asynchronous gRPC server
// that answers the identity model's calls with the same bytes. One completion queue, one thread,
// calls posted ahead, call objects used again and again, no done notification. It validates
// nothing.
//
// Prints {"event":"ready","grpc":PORT} when it serves; SIGTERM and SIGINT end it.

#include <grpcpp/completion_queue.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/async_unary_call.h>
#include <signal.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "base/thread.h"
#include "inference/grpc_service.grpc.pb.h"

namespace tournant {
namespace {

// More than any benchmark has outstanding, so that a call never waits for a slot.
constexpr int kSlots = 256;

using Service = inference::GRPCInferenceService::WithAsyncMethod_ModelInfer<
    inference::GRPCInferenceService::Service>;

// Answers as the server answers for `identity`: its one version, its output's name, the input's
// bytes.
void Echo(inference::ModelInferRequest& request, inference::ModelInferResponse& response) {
  response.set_allocated_model_name(request.release_model_name());
  response.set_model_version("1");
  if (!request.id().empty()) response.set_allocated_id(request.release_id());
  for (auto& input : *request.mutable_inputs()) {
    auto& output = *response.add_outputs();
    output.set_name("OUTPUT__0");
    output.set_allocated_datatype(input.release_datatype());
    output.mutable_shape()->Swap(input.mutable_shape());
  }
  response.mutable_raw_output_contents()->Swap(request.mutable_raw_input_contents());
}

// One place for a call; the queue's thread uses it for one call after the other.
class Slot {
 public:
  Slot(Service& service, grpc::ServerCompletionQueue& queue) : service_(service), queue_(queue) {
    Post();
  }

  // The queue gave this slot back: a call has come in or its answer is out.
  void Proceed() {
    if (answered_) {
      Post();
      return;
    }
    Echo(request_, response_);
    answered_ = true;
    writer_->Finish(response_, grpc::Status::OK, this);
  }

 private:
  void Post() {
    writer_.reset();
    context_.emplace();
    writer_.emplace(&*context_);
    request_.Clear();
    response_.Clear();
    answered_ = false;
    service_.RequestModelInfer(&*context_, &request_, &*writer_, &queue_, &queue_, this);
  }

  Service& service_;
  grpc::ServerCompletionQueue& queue_;
  std::optional<grpc::ServerContext> context_;
  std::optional<grpc::ServerAsyncResponseWriter<inference::ModelInferResponse>> writer_;
  inference::ModelInferRequest request_;
  inference::ModelInferResponse response_;
  bool answered_ = false;
};

void Serve(Service& service, grpc::ServerCompletionQueue& queue) {
  std::vector<std::unique_ptr<Slot>> slots;
  for (int i = 0; i < kSlots; ++i) slots.push_back(std::make_unique<Slot>(service, queue));
  void* tag = nullptr;
  bool ok = false;
  while (queue.Next(&tag, &ok)) {
    if (ok) static_cast<Slot*>(tag)->Proceed();  // Otherwise the server is shutting down.
  }
}

int Run(int max_connection_age_ms) {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  Service service;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  if (max_connection_age_ms > 0) {
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, max_connection_age_ms);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, max_connection_age_ms);
  }
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::ServerCompletionQueue> queue = builder.AddCompletionQueue();
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port == 0) {
    std::fprintf(stderr, "echo_server: cannot listen\n");
    return 1;
  }
  Thread thread("echo", [&] { Serve(service, *queue); });
  std::printf("{\"event\":\"ready\",\"grpc\":%d}\n", port);
  std::fflush(stdout);

  int signal = 0;
  sigwait(&signals, &signal);
  server->Shutdown();
  queue->Shutdown();
  return 0;
}

}  // namespace
}  // namespace tournant

// With an argument, connections are aged: milliseconds, as in tournant-server.
int main(int argc, char** argv) {
  // As in the server's own main: it is part of what both have in common.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  return tournant::Run(argc > 1 ? std::atoi(argv[1]) : 0);
}
