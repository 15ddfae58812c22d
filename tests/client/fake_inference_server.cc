#include "client/fake_inference_server.h"

#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server_builder.h"

namespace tournant::client {
namespace {

constexpr char kModel[] = "double";

void Tensor(inference::ModelMetadataResponse::TensorMetadata* tensor, const std::string& name,
            const std::string& datatype) {
  tensor->set_name(name);
  tensor->set_datatype(datatype);
  tensor->add_shape(-1);
  tensor->add_shape(1);
}

grpc::Status UnknownModel() {
  return {grpc::StatusCode::NOT_FOUND, "Request for unknown model: it is not found"};
}

}  // namespace

FakeInferenceServer::FakeInferenceServer() {
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
}

FakeInferenceServer::~FakeInferenceServer() { server_->Shutdown(); }

std::string FakeInferenceServer::address() const { return absl::StrCat("127.0.0.1:", port_); }

inference::ModelInferRequest FakeInferenceServer::last_request() {
  const MutexLock lock(mutex_);
  return last_request_;
}

grpc::Status FakeInferenceServer::ServerReady(grpc::ServerContext*,
                                              const inference::ServerReadyRequest*,
                                              inference::ServerReadyResponse* response) {
  response->set_ready(true);
  return grpc::Status::OK;
}

grpc::Status FakeInferenceServer::ServerMetadata(grpc::ServerContext*,
                                                 const inference::ServerMetadataRequest*,
                                                 inference::ServerMetadataResponse* response) {
  response->set_name("fake");
  response->set_version("9");
  return grpc::Status::OK;
}

grpc::Status FakeInferenceServer::ModelMetadata(grpc::ServerContext*,
                                                const inference::ModelMetadataRequest* request,
                                                inference::ModelMetadataResponse* response) {
  if (request->name() != kModel) return UnknownModel();
  response->set_name(kModel);
  response->add_versions("3");
  Tensor(response->add_inputs(), "x", "FP32");
  Tensor(response->add_inputs(), "name", "BYTES");
  Tensor(response->add_inputs(), "shift", "FP32");
  Tensor(response->add_outputs(), "y", "FP32");
  auto& properties = *response->mutable_properties();
  properties["override.plane:seats"] = "FP64 [1]";
  properties["override.weather:wind"] = "INT64 [1]";
  properties["override.airport:altitude_feet"] = "FP32 [3]";
  return grpc::Status::OK;
}

grpc::Status FakeInferenceServer::ModelConfig(grpc::ServerContext*,
                                              const inference::ModelConfigRequest* request,
                                              inference::ModelConfigResponse* response) {
  if (request->name() != kModel) return UnknownModel();
  response->mutable_config()->set_max_batch_size(8);
  for (const char* name : {"x", "name", "shift"}) {
    auto* input = response->mutable_config()->add_input();
    input->set_name(name);
    input->set_optional(std::string(name) == "shift");
  }
  return grpc::Status::OK;
}

grpc::Status FakeInferenceServer::RepositoryIndex(grpc::ServerContext*,
                                                  const inference::RepositoryIndexRequest*,
                                                  inference::RepositoryIndexResponse* response) {
  auto* model = response->add_models();
  model->set_name(kModel);
  model->set_version("3");
  model->set_state("READY");
  return grpc::Status::OK;
}

grpc::Status FakeInferenceServer::ModelInfer(grpc::ServerContext* context,
                                             const inference::ModelInferRequest* request,
                                             inference::ModelInferResponse* response) {
  ++infer_calls_;
  {
    const MutexLock lock(mutex_);
    last_request_ = *request;
  }
  if (hook_) {
    const grpc::Status status = hook_(*context, *request, *response);
    if (!status.ok()) return status;
  }
  if (request->model_name() != kModel) return UnknownModel();
  std::vector<float> y = FloatInput(*request, "x");
  const std::vector<float> shift = FloatInput(*request, "shift");
  for (size_t i = 0; i < y.size(); ++i) y[i] = 2 * y[i] + (shift.empty() ? 0 : shift[i]);
  response->set_model_name(kModel);
  response->set_model_version("3");
  response->set_id(request->id());
  auto* output = response->add_outputs();
  output->set_name("y");
  output->set_datatype("FP32");
  output->add_shape(static_cast<int64_t>(y.size()));
  output->add_shape(1);
  response->add_raw_output_contents(y.data(), y.size() * sizeof(float));
  return grpc::Status::OK;
}

grpc::Status WithDetails(grpc::StatusCode code, const std::string& message,
                         const google::protobuf::Message& detail,
                         const google::protobuf::Message* more) {
  google::rpc::Status status;
  status.set_code(code);
  status.set_message(message);
  status.add_details()->PackFrom(detail);
  if (more != nullptr) status.add_details()->PackFrom(*more);
  return {code, message, status.SerializeAsString()};
}

std::vector<float> FloatInput(const inference::ModelInferRequest& request,
                              const std::string& name) {
  for (int i = 0; i < request.inputs_size(); ++i) {
    if (request.inputs(i).name() != name) continue;
    const std::string& raw = request.raw_input_contents(i);
    std::vector<float> values(raw.size() / sizeof(float));
    std::memcpy(values.data(), raw.data(), values.size() * sizeof(float));
    return values;
  }
  return {};
}

}  // namespace tournant::client
