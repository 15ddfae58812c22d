#include <gmock/gmock.h>

#include "rpc/model_server_test.h"

namespace tournant {
namespace {

using inference::ModelInferRequest;
using inference::ModelInferResponse;
using ::testing::HasSubstr;

constexpr size_t kElements = 15 << 20;  // 60 MiB of floats.

// "wide" gives back a row of any length; "grows" a row of a million floats, whatever it gets.
class LargeMessageTest : public ModelServerTest {
 protected:
  void SetUp() override {
    ModelServerTest::SetUp();
    const auto publish = [this](const std::string& name, std::unique_ptr<Model> model) {
      auto version = MakeVersion(name, 1, std::move(model));
      version->config.max_batch_size = 0;
      version->config.inputs[0].dims = {-1};
      version->config.outputs[0].dims = {-1};
      registry_.Publish(version);
    };
    publish("wide", EchoModel());
    publish("grows", std::make_unique<FakeModel>([](auto) {
              const Tensor row{DataType::kFp32, {1'000'000}, std::string(4'000'000, '\0')};
              return absl::StatusOr<std::vector<Tensor>>(std::vector<Tensor>{row});
            }));
  }

  static ModelInferRequest Request(const std::string& model, size_t elements) {
    ModelInferRequest request;
    request.set_model_name(model);
    request.set_id("large");
    auto& input = *request.add_inputs();
    input.set_name("x");
    input.set_datatype("FP32");
    input.add_shape(static_cast<int64_t>(elements));
    return request;
  }
  static ModelInferRequest RawRequest(const std::string& model, size_t elements) {
    ModelInferRequest request = Request(model, elements);
    request.add_raw_input_contents(std::string(elements * sizeof(float), 'v'));
    return request;
  }
  void StartServerWithLimit(int max_message_bytes) {
    ModelServer::Options options;
    options.max_message_bytes = max_message_bytes;
    StartServer(PuppetPool::Mode::kAtOnce, options);
  }
};

TEST_F(LargeMessageTest, SixtyMebibytesPassBothWaysRawAndTyped) {
  StartServer();
  {
    const ModelInferRequest raw = RawRequest("wide", kElements);
    ModelInferResponse response;
    const grpc::Status status = Infer(raw, &response);
    ASSERT_TRUE(status.ok()) << status.error_message();
    EXPECT_TRUE(response.raw_output_contents(0) == raw.raw_input_contents(0));
  }
  ModelInferRequest typed = Request("wide", kElements);
  typed.mutable_inputs(0)->mutable_contents()->mutable_fp32_contents()->Resize(kElements, 0.5f);
  typed.mutable_inputs(0)->mutable_contents()->set_fp32_contents(kElements - 1, 7.f);
  ModelInferResponse response;
  const grpc::Status status = Infer(typed, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  const std::string& answer = response.raw_output_contents(0);
  ASSERT_EQ(answer.size(), kElements * sizeof(float));
  EXPECT_EQ(answer.substr(0, 4), Floats({0.5f}));
  EXPECT_EQ(answer.substr(answer.size() - 4), Floats({7.f}));
}

TEST_F(LargeMessageTest, ARequestAboveTheLimitIsRefusedWithBothSizes) {
  StartServerWithLimit(1 << 20);
  ModelInferRequest typed = Request("wide", 300'000);
  typed.mutable_inputs(0)->mutable_contents()->mutable_fp32_contents()->Resize(300'000, 0.5f);
  for (const ModelInferRequest& request : {RawRequest("wide", 300'000), typed}) {
    const grpc::Status refused = Infer(request);
    EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
    EXPECT_THAT(refused.error_message(), HasSubstr("Received message larger than max"));
    EXPECT_THAT(refused.error_message(), HasSubstr("vs. 1048576"));
  }
  // More often than there are slots: none is lost.
  for (int i = 0; i < 100; ++i) Infer(RawRequest("wide", 300'000));
  EXPECT_TRUE(Infer(RawRequest("wide", 200'000)).ok());
}

TEST_F(LargeMessageTest, AnAnswerAboveTheLimitIsAnErrorThatNamesTheFlag) {
  StartServerWithLimit(1 << 20);
  const grpc::Status refused = Infer(RawRequest("grows", 1));
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(refused.error_message(), HasSubstr("the answer of 40000"));
  EXPECT_THAT(refused.error_message(), HasSubstr("larger than --max_message_bytes=1048576"));
  EXPECT_TRUE(Infer(RawRequest("wide", 1)).ok());
}

TEST_F(LargeMessageTest, AnAnswerAboveTheLimitIsNotComputedAgainForClientsThatRetry) {
  StartServerWithLimit(1 << 20);
  grpc::ClientContext context;
  ModelInferResponse response;
  stub_->ModelInfer(&context, RawRequest("grows", 1), &response);
  const auto& trailers = context.GetServerTrailingMetadata();
  const auto pushback = trailers.find("grpc-retry-pushback-ms");
  ASSERT_NE(pushback, trailers.end());
  EXPECT_EQ(std::string(pushback->second.data(), pushback->second.size()), "-1");
}

TEST_F(LargeMessageTest, AnAnswerAboveTheLimitDoesNotEndAStream) {
  StartServerWithLimit(1 << 20);
  grpc::ClientContext context;
  const auto stream = stub_->ModelStreamInfer(&context);
  inference::ModelStreamInferResponse answer;
  ASSERT_TRUE(stream->Write(RawRequest("grows", 1)));
  ASSERT_TRUE(stream->Read(&answer));
  EXPECT_THAT(answer.error_message(), HasSubstr("larger than --max_message_bytes=1048576"));
  EXPECT_EQ(answer.infer_response().id(), "large");
  EXPECT_EQ(answer.infer_response().outputs_size(), 0);
  ASSERT_TRUE(stream->Write(RawRequest("wide", 250'000)));
  ASSERT_TRUE(stream->Read(&answer));
  EXPECT_EQ(answer.error_message(), "");
  EXPECT_EQ(answer.infer_response().raw_output_contents(0).size(), 1'000'000u);
}

TEST_F(LargeMessageTest, ARequestAboveTheLimitEndsItsStreamWithAStatus) {
  StartServerWithLimit(1 << 20);
  grpc::ClientContext context;
  const auto stream = stub_->ModelStreamInfer(&context);
  stream->Write(RawRequest("wide", 300'000));
  inference::ModelStreamInferResponse answer;
  EXPECT_FALSE(stream->Read(&answer));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

}  // namespace
}  // namespace tournant
