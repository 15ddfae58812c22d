#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "base/mutex.h"
#include "grpcpp/server.h"
#include "inference/grpc_service.grpc.pb.h"

namespace tournant::client {

// A server in this process, on a port of its own, with one model `double`: inputs x FP32 [-1,1] and
// name BYTES [-1,1], optional shift FP32 [-1,1], override plane:seats; output y FP32 [-1,1] with
// y = 2 * x + shift. Thread-safe; stops when it dies.
class FakeInferenceServer final : public inference::GRPCInferenceService::Service {
 public:
  // Called first; an answer other than OK is what the caller gets.
  using Hook = std::function<grpc::Status(grpc::ServerContext&, const inference::ModelInferRequest&,
                                          inference::ModelInferResponse&)>;

  FakeInferenceServer();
  ~FakeInferenceServer() override;

  std::string address() const;
  int infer_calls() const { return infer_calls_; }
  void set_hook(Hook hook) { hook_ = std::move(hook); }  // Before the first call.
  inference::ModelInferRequest last_request();

  grpc::Status ServerReady(grpc::ServerContext*, const inference::ServerReadyRequest*,
                           inference::ServerReadyResponse* response) override;
  grpc::Status ServerMetadata(grpc::ServerContext*, const inference::ServerMetadataRequest*,
                              inference::ServerMetadataResponse* response) override;
  grpc::Status ModelMetadata(grpc::ServerContext*, const inference::ModelMetadataRequest* request,
                             inference::ModelMetadataResponse* response) override;
  grpc::Status ModelConfig(grpc::ServerContext*, const inference::ModelConfigRequest* request,
                           inference::ModelConfigResponse* response) override;
  grpc::Status RepositoryIndex(grpc::ServerContext*, const inference::RepositoryIndexRequest*,
                               inference::RepositoryIndexResponse* response) override;
  grpc::Status ModelInfer(grpc::ServerContext* context, const inference::ModelInferRequest* request,
                          inference::ModelInferResponse* response) override;

 private:
  int port_ = 0;
  std::atomic<int> infer_calls_ = 0;
  Hook hook_;
  Mutex mutex_;
  inference::ModelInferRequest last_request_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<grpc::Server> server_;  // Last: it calls into the rest.
};

// A status with details, as the server sends them.
grpc::Status WithDetails(grpc::StatusCode code, const std::string& message,
                         const google::protobuf::Message& detail,
                         const google::protobuf::Message* more = nullptr);

// The values of the FP32 input `name`; empty when the request lacks it.
std::vector<float> FloatInput(const inference::ModelInferRequest& request, const std::string& name);

}  // namespace tournant::client
