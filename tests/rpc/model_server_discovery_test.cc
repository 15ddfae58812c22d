// What a whole server tells of itself and its models, and where it can be reached.

#include <gmock/gmock.h>

#include "rpc/model_server_test.h"

namespace tournant {
namespace {

using inference::GRPCInferenceService;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST_F(ModelServerTest, DescribesItselfAndItsModels) {
  auto second = MakeVersion("echo", 2, EchoModel());
  second->config.platform = "pytorch_libtorch";
  registry_.Publish(second);
  StartServer();
  {
    grpc::ClientContext context;
    inference::ServerMetadataResponse answer;
    ASSERT_TRUE(stub_->ServerMetadata(&context, {}, &answer).ok());
    EXPECT_EQ(answer.name(), "tournant");
    EXPECT_THAT(answer.extensions(),
                ElementsAre("classification", "model_configuration", "model_repository",
                            "model_repository(unload_dependents)", "schedule_policy", "statistics",
                            "logging"));
  }
  {
    grpc::ClientContext context;
    inference::ModelMetadataRequest request;
    request.set_name("echo");
    inference::ModelMetadataResponse answer;
    ASSERT_TRUE(stub_->ModelMetadata(&context, request, &answer).ok());
    EXPECT_EQ(answer.platform(), "pytorch_libtorch");
    EXPECT_THAT(answer.versions(), ElementsAre("1", "2"));
    ASSERT_EQ(answer.inputs_size(), 1);
    EXPECT_EQ(answer.inputs(0).name(), "x");
    EXPECT_EQ(answer.inputs(0).datatype(), "FP32");
    EXPECT_THAT(answer.inputs(0).shape(), ElementsAre(-1, 4));
    EXPECT_EQ(answer.outputs(0).name(), "y");
  }
  {
    grpc::ClientContext context;
    inference::RepositoryIndexResponse answer;
    ASSERT_TRUE(stub_->RepositoryIndex(&context, {}, &answer).ok());
    ASSERT_EQ(answer.models_size(), 2);
    EXPECT_EQ(answer.models(1).version(), "2");
    EXPECT_EQ(answer.models(1).state(), "READY");
  }
}

TEST_F(ModelServerTest, IsReadyWhenEveryModelIs) {
  StartServer();
  const auto ready = [&] {
    grpc::ClientContext context;
    inference::ServerReadyResponse answer;
    EXPECT_TRUE(stub_->ServerReady(&context, {}, &answer).ok());
    return answer.ready();
  };
  EXPECT_TRUE(ready());
  registry_.MarkLoading("other", 1);
  EXPECT_FALSE(ready());
  grpc::ClientContext context;
  inference::ServerLiveResponse live;
  ASSERT_TRUE(stub_->ServerLive(&context, {}, &live).ok());
  EXPECT_TRUE(live.live());
}

grpc::Status AskModelReady(GRPCInferenceService::Stub& stub, const std::string& model,
                           inference::ModelReadyResponse& answer) {
  grpc::ClientContext context;
  inference::ModelReadyRequest request;
  request.set_name(model);
  return stub.ModelReady(&context, request, &answer);
}

TEST_F(ModelServerTest, TellsAnUnknownModelFromOneThatIsNotReady) {
  StartServer();
  registry_.MarkLoading("other", 1);
  inference::ModelReadyResponse answer;
  ASSERT_TRUE(AskModelReady(*stub_, "echo", answer).ok());
  EXPECT_TRUE(answer.ready());
  ASSERT_TRUE(AskModelReady(*stub_, "other", answer).ok());
  EXPECT_FALSE(answer.ready());
  EXPECT_EQ(AskModelReady(*stub_, "nope", answer).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(ModelServerTest, RefusesSharedMemoryInEveryCallAboutIt) {
  StartServer();
  using namespace inference;
  const auto expect_refused =
      [&]<class Request, class Answer>(grpc::Status (GRPCInferenceService::Stub::*call)(
          grpc::ClientContext*, const Request&, Answer*)) {
        grpc::ClientContext context;
        Answer answer;
        const grpc::Status status = ((*stub_).*call)(&context, Request(), &answer);
        EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
        EXPECT_THAT(status.error_message(), HasSubstr("Client shared memory is disabled"));
      };
  using Stub = GRPCInferenceService::Stub;
  expect_refused(&Stub::SystemSharedMemoryStatus);
  expect_refused(&Stub::SystemSharedMemoryRegister);
  expect_refused(&Stub::SystemSharedMemoryUnregister);
  expect_refused(&Stub::CudaSharedMemoryStatus);
  expect_refused(&Stub::CudaSharedMemoryRegister);
  expect_refused(&Stub::CudaSharedMemoryUnregister);
}

TEST_F(ModelServerTest, AnswersAboutItsLogAndItsTraces) {
  StartServer();
  {
    grpc::ClientContext context;
    inference::LogSettingsRequest request;
    inference::LogSettingsResponse answer;
    ASSERT_TRUE(stub_->LogSettings(&context, request, &answer).ok());
    EXPECT_TRUE(answer.settings().at("log_info").bool_param());
  }
  {
    grpc::ClientContext context;
    inference::LogSettingsRequest request;
    inference::LogSettingsResponse answer;
    (*request.mutable_settings())["log_color"].set_bool_param(true);
    EXPECT_EQ(stub_->LogSettings(&context, request, &answer).error_code(),
              grpc::StatusCode::INVALID_ARGUMENT);
  }
  grpc::ClientContext context;
  inference::TraceSettingResponse answer;
  ASSERT_TRUE(stub_->TraceSetting(&context, {}, &answer).ok());
  EXPECT_THAT(answer.settings().at("trace_level").value(), ElementsAre("OFF"));
}

TEST_F(ModelServerTest, TellsAModelThatFailedFromAnUnknownOne) {
  registry_.MarkLoading("broken", 1);
  registry_.MarkFailed("broken", 1, "no such file");
  StartServer();
  inference::ModelInferRequest request = EchoRequest();
  request.set_model_name("broken");
  EXPECT_EQ(Infer(request).error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(Infer(request).error_message(), HasSubstr("no such file"));
  inference::ModelReadyResponse answer;
  ASSERT_TRUE(AskModelReady(*stub_, "broken", answer).ok());
  EXPECT_FALSE(answer.ready());
}

TEST_F(ModelServerTest, ServesItsOwnProcessWithoutAPort) {
  StartServer();
  ModelServer::Options options;
  options.address = "";
  CallMetrics metrics(MethodNames());
  auto inner = ModelServer::Start(options, registry_, *predictor_, clock_, {&metrics});
  ASSERT_TRUE(inner.ok()) << inner.status();
  EXPECT_EQ((*inner)->port(), 0);
  {
    const auto stub = GRPCInferenceService::NewStub((*inner)->InProcessChannel());
    grpc::ClientContext context;
    inference::ServerLiveResponse live;
    ASSERT_TRUE(stub->ServerLive(&context, {}, &live).ok());
    EXPECT_TRUE(live.live());
  }
}

TEST_F(ModelServerTest, AnAddressThatCannotBeBoundIsNamed) {
  StartServer();
  ModelServer::Options options;
  options.address = "192.0.2.1:1";  // TEST-NET-1: no machine has it.
  CallMetrics metrics(MethodNames());
  const auto second = ModelServer::Start(options, registry_, *predictor_, clock_, {&metrics});
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("192.0.2.1:1"));
}

}  // namespace
}  // namespace tournant
