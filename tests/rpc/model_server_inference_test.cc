// A whole server answers inferences, and refuses those that it cannot answer.

#include <gmock/gmock.h>

#include <thread>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "rpc/model_server_test.h"

namespace tournant {
namespace {

using inference::ModelInferRequest;
using inference::ModelInferResponse;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST_F(ModelServerTest, AnswersAnInferenceWithRawOutputs) {
  StartServer();
  ModelInferResponse response;
  const grpc::Status status = Infer(EchoRequest(), &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.model_name(), "echo");
  EXPECT_EQ(response.model_version(), "1");
  EXPECT_EQ(response.id(), "call-1");
  ASSERT_EQ(response.outputs_size(), 1);
  EXPECT_EQ(response.outputs(0).name(), "y");
  EXPECT_THAT(response.outputs(0).shape(), ElementsAre(1, 4));
  EXPECT_THAT(response.raw_output_contents(), ElementsAre(Floats({1, 2, 3, 4})));
}

TEST_F(ModelServerTest, RecordsThePredictionAfterItsAnswer) {
  StartServer();
  ASSERT_TRUE(Infer(EchoRequest()).ok());
  const PredictionRecord record = records_.WaitForOne();
  EXPECT_EQ(record.request_id, "call-1");
  EXPECT_EQ(record.model, "echo");
  EXPECT_EQ(record.version, 1);
  EXPECT_EQ(record.rows, 1);
  EXPECT_EQ(record.status_code, 0);
  ASSERT_EQ(record.inputs.size(), 1u);
  EXPECT_EQ(record.inputs[0].tensor.bytes, Floats({1, 2, 3, 4}));
  ASSERT_EQ(record.outputs.size(), 1u);
  EXPECT_EQ(record.outputs[0].name, "y");
  EXPECT_EQ(record.outputs[0].tensor.bytes, Floats({1, 2, 3, 4}));
}

TEST_F(ModelServerTest, AnswersARequestOfNoRowsWithNoRows) {
  StartServer(PuppetPool::Mode::kFull);
  ModelInferRequest request = EchoRequest();
  request.mutable_inputs(0)->set_shape(0, 0);
  request.set_raw_input_contents(0, "");
  ModelInferResponse response;
  ASSERT_TRUE(Infer(request, &response).ok());
  EXPECT_THAT(response.outputs(0).shape(), ElementsAre(0, 4));
  EXPECT_THAT(response.raw_output_contents(), ElementsAre(""));
}

TEST_F(ModelServerTest, RefusesAnUnknownModelAndVersionByName) {
  StartServer();
  ModelInferRequest request = EchoRequest();
  request.set_model_name("nope");
  EXPECT_EQ(Infer(request).error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(Infer(request).error_message(),
              HasSubstr("Request for unknown model: 'nope' is not found"));
  request.set_model_name("echo");
  request.set_model_version("9");
  EXPECT_EQ(Infer(request).error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(Infer(request).error_message(), HasSubstr("'echo' version 9 is not found"));
  request.set_model_version("01");
  EXPECT_EQ(Infer(request).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(ModelServerTest, NamesTheFieldOfABadRequestInItsDetails) {
  StartServer();
  ModelInferRequest request = EchoRequest();
  request.mutable_inputs(0)->set_shape(1, 5);
  const grpc::Status status = Infer(request);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  google::rpc::Status rich;
  ASSERT_TRUE(rich.ParseFromString(status.error_details()));
  google::rpc::BadRequest bad_request;
  ASSERT_EQ(rich.details_size(), 1);
  ASSERT_TRUE(rich.details(0).UnpackTo(&bad_request));
  EXPECT_EQ(bad_request.field_violations(0).field(), "inputs[0].shape");
}

TEST_F(ModelServerTest, AFullQueueTellsTheCallerWhenToComeAgain) {
  StartServer(PuppetPool::Mode::kFull);
  grpc::ClientContext context;
  ModelInferResponse response;
  const grpc::Status status = stub_->ModelInfer(&context, EchoRequest(), &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  const auto& trailers = context.GetServerTrailingMetadata();
  const auto pushback = trailers.find("grpc-retry-pushback-ms");
  ASSERT_NE(pushback, trailers.end());
  EXPECT_EQ(std::string(pushback->second.data(), pushback->second.size()), "20");
  EXPECT_EQ(metrics_.in_phase(Phase::kAccepted), 0);
}

TEST_F(ModelServerTest, AModelThatFailsHarmsOnlyItsOwnCall) {
  registry_.Publish(MakeVersion("broken", 1, std::make_unique<FakeModel>([](auto) {
                                  return absl::InternalError("PyTorch execute failure: boom");
                                })));
  StartServer();
  ModelInferRequest request = EchoRequest();
  request.set_model_name("broken");
  const grpc::Status status = Infer(request);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INTERNAL);
  EXPECT_EQ(status.error_message(), "PyTorch execute failure: boom");
  EXPECT_TRUE(Infer(EchoRequest()).ok());
}

TEST_F(ModelServerTest, ACallerWhoLeavesFreesHisPlaceInTheQueue) {
  StartServer(PuppetPool::Mode::kWhenTold);
  grpc::ClientContext context;
  ModelInferResponse response;
  grpc::Status status;
  std::thread caller([&] { status = stub_->ModelInfer(&context, EchoRequest(), &response); });
  pool_->WaitForJobs(1);
  context.TryCancel();
  caller.join();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::CANCELLED);
  pool_->WaitForForgotten(1);
  EXPECT_EQ(pool_->waiting(), 0u);
}

TEST_F(ModelServerTest, ATimeoutParameterEndsACallThatWaits) {
  StartServer(PuppetPool::Mode::kWhenTold);
  ModelInferRequest request = EchoRequest();
  (*request.mutable_parameters())["timeout"].set_int64_param(1000);
  grpc::Status status;
  std::thread caller([&] { status = Infer(request); });
  pool_->WaitForJobs(1);
  clock_.Advance(std::chrono::milliseconds(1));
  caller.join();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  pool_->WaitForForgotten(1);
  EXPECT_EQ(pool_->waiting(), 0u);
}

}  // namespace
}  // namespace tournant
