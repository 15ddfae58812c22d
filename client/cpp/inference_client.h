#pragma once

#include <chrono>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/clock.h"
#include "grpcpp/channel.h"
#include "inference/grpc_service.grpc.pb.h"

namespace tournant::client {

// Blocking calls of the inference service, each with a deadline, so that none waits for ever.
// Thread-safe; owned by its user, who keeps `clock` alive.
class InferenceClient {
 public:
  InferenceClient(std::shared_ptr<grpc::Channel> channel, const Clock& clock,
                  std::chrono::milliseconds deadline = std::chrono::seconds(5));

  absl::StatusOr<inference::ModelInferResponse> Infer(const inference::ModelInferRequest& request);

  absl::StatusOr<bool> ServerReady();
  absl::StatusOr<bool> ModelReady(absl::string_view model, absl::string_view version = "");
  absl::StatusOr<inference::ServerMetadataResponse> ServerMetadata();
  absl::StatusOr<inference::ModelMetadataResponse> ModelMetadata(absl::string_view model,
                                                                 absl::string_view version = "");
  absl::StatusOr<inference::ModelConfig> ModelConfig(absl::string_view model,
                                                     absl::string_view version = "");
  absl::StatusOr<inference::RepositoryIndexResponse> RepositoryIndex();

  std::chrono::milliseconds deadline() const { return deadline_; }
  inference::GRPCInferenceService::Stub& stub() { return *stub_; }

 private:
  template <typename Request, typename Response>
  absl::StatusOr<Response> Call(grpc::Status (inference::GRPCInferenceService::Stub::*method)(
                                    grpc::ClientContext*, const Request&, Response*),
                                const Request& request);

  const std::unique_ptr<inference::GRPCInferenceService::Stub> stub_;
  const Clock& clock_;
  const std::chrono::milliseconds deadline_;
};

}  // namespace tournant::client
