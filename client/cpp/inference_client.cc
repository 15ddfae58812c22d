#include "cpp/inference_client.h"

#include <string>
#include <utility>

#include "cpp/rpc_error.h"
#include "grpcpp/client_context.h"

namespace tournant::client {
namespace {

template <typename Request>
Request Named(absl::string_view model, absl::string_view version) {
  Request request;
  request.set_name(std::string(model));
  request.set_version(std::string(version));
  return request;
}

}  // namespace

InferenceClient::InferenceClient(std::shared_ptr<grpc::Channel> channel, const Clock& clock,
                                 std::chrono::milliseconds deadline)
    : stub_(inference::GRPCInferenceService::NewStub(std::move(channel))),
      clock_(clock),
      deadline_(deadline) {}

template <typename Request, typename Response>
absl::StatusOr<Response> InferenceClient::Call(
    grpc::Status (inference::GRPCInferenceService::Stub::*method)(grpc::ClientContext*,
                                                                  const Request&, Response*),
    const Request& request) {
  grpc::ClientContext context;
  context.set_deadline(clock_.WallNow() + deadline_);
  Response response;
  const grpc::Status status = (stub_.get()->*method)(&context, request, &response);
  if (!status.ok()) return FromRpc(status);
  return response;
}

absl::StatusOr<inference::ModelInferResponse> InferenceClient::Infer(
    const inference::ModelInferRequest& request) {
  return Call(&inference::GRPCInferenceService::Stub::ModelInfer, request);
}

absl::StatusOr<bool> InferenceClient::ServerReady() {
  const auto answer =
      Call(&inference::GRPCInferenceService::Stub::ServerReady, inference::ServerReadyRequest());
  if (!answer.ok()) return answer.status();
  return answer->ready();
}

absl::StatusOr<bool> InferenceClient::ModelReady(absl::string_view model,
                                                 absl::string_view version) {
  const auto answer = Call(&inference::GRPCInferenceService::Stub::ModelReady,
                           Named<inference::ModelReadyRequest>(model, version));
  if (!answer.ok()) return answer.status();
  return answer->ready();
}

absl::StatusOr<inference::ServerMetadataResponse> InferenceClient::ServerMetadata() {
  return Call(&inference::GRPCInferenceService::Stub::ServerMetadata,
              inference::ServerMetadataRequest());
}

absl::StatusOr<inference::ModelMetadataResponse> InferenceClient::ModelMetadata(
    absl::string_view model, absl::string_view version) {
  return Call(&inference::GRPCInferenceService::Stub::ModelMetadata,
              Named<inference::ModelMetadataRequest>(model, version));
}

absl::StatusOr<inference::ModelConfig> InferenceClient::ModelConfig(absl::string_view model,
                                                                    absl::string_view version) {
  auto answer = Call(&inference::GRPCInferenceService::Stub::ModelConfig,
                     Named<inference::ModelConfigRequest>(model, version));
  if (!answer.ok()) return answer.status();
  return std::move(*answer->mutable_config());
}

absl::StatusOr<inference::RepositoryIndexResponse> InferenceClient::RepositoryIndex() {
  return Call(&inference::GRPCInferenceService::Stub::RepositoryIndex,
              inference::RepositoryIndexRequest());
}

}  // namespace tournant::client
