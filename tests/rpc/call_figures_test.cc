// What is counted of RPCs beside inference itself: their messages' bytes, methods that nobody has,
// the health service.

#include <grpcpp/generic/generic_stub.h>

#include <string>
#include <thread>

#include "grpc/health/v1/health.grpc.pb.h"
#include "rpc/model_server_test.h"

namespace tournant {
namespace {

class CallFiguresTest : public ModelServerTest {
 protected:
  void SetUp() override {
    ModelServerTest::SetUp();
    StartServer();
  }
  // Of the calls of `method` that ended with `code`, once there are `count`: they are counted after
  // the answer.
  CallMetrics::Ended Wait(Method method, grpc::StatusCode code, uint64_t count) const {
    const auto index = static_cast<size_t>(method);
    while (metrics_.duration(index, code).count() < count) std::this_thread::yield();
    return metrics_.ended(index, code);
  }
};

TEST_F(CallFiguresTest, CountTheBytesOfARequestAndItsAnswer) {
  const inference::ModelInferRequest request = EchoRequest();
  inference::ModelInferResponse response;
  ASSERT_TRUE(Infer(request, &response).ok());
  const auto ended = Wait(Method::kModelInfer, grpc::StatusCode::OK, 1);
  EXPECT_EQ(ended.received_bytes.sum(), request.ByteSizeLong());
  EXPECT_EQ(ended.sent_bytes.sum(), response.ByteSizeLong());
}

TEST_F(CallFiguresTest, AnErrorHasNoMessage) {
  inference::ModelInferRequest request = EchoRequest();
  request.set_model_name("nobody");
  EXPECT_FALSE(Infer(request).ok());
  const auto ended = Wait(Method::kModelInfer, grpc::StatusCode::NOT_FOUND, 1);
  EXPECT_EQ(ended.received_bytes.sum(), request.ByteSizeLong());
  EXPECT_EQ(ended.sent_bytes.sum(), 0u);
  EXPECT_EQ(metrics_.stopped(Phase::kFailed, Phase::kValidating), 1);
}

TEST_F(CallFiguresTest, AStreamIsTheSumOfItsMessages) {
  grpc::ClientContext context;
  const auto stream = stub_->ModelStreamInfer(&context);
  uint64_t sent = 0;
  uint64_t received = 0;
  for (const std::string id : {"a", "bb"}) {
    const inference::ModelInferRequest request = EchoRequest(id);
    sent += request.ByteSizeLong();
    ASSERT_TRUE(stream->Write(request));
    inference::ModelStreamInferResponse response;
    ASSERT_TRUE(stream->Read(&response));
    received += response.ByteSizeLong();
  }
  stream->WritesDone();
  ASSERT_TRUE(stream->Finish().ok());
  const auto ended = Wait(Method::kModelStreamInfer, grpc::StatusCode::OK, 1);
  EXPECT_EQ(ended.received_bytes.sum(), sent);
  EXPECT_EQ(ended.sent_bytes.sum(), received);
}

TEST_F(CallFiguresTest, MethodsThatNobodyHasAreUnimplementedAndCountedAsOther) {
  grpc::GenericStub stub(Channel());
  for (const std::string method :
       {"/a.Service/Method", "/b", "/inference.GRPCInferenceService/No"}) {
    grpc::ClientContext context;
    grpc::CompletionQueue queue;
    const auto reader = stub.PrepareUnaryCall(&context, method, grpc::ByteBuffer(), &queue);
    reader->StartCall();
    grpc::ByteBuffer response;
    grpc::Status status;
    reader->Finish(&response, &status, nullptr);
    void* tag = nullptr;
    bool ok = false;
    ASSERT_TRUE(queue.Next(&tag, &ok));
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED) << method;
    queue.Shutdown();
    while (queue.Next(&tag, &ok)) {
    }
  }
  Wait(Method::kOther, grpc::StatusCode::UNIMPLEMENTED, 3);
  EXPECT_EQ(metrics_.started(static_cast<size_t>(Method::kOther)), 3);
}

TEST_F(CallFiguresTest, HealthChecksAndWatchesAreCalls) {
  using grpc::health::v1::HealthCheckResponse;
  const auto health = grpc::health::v1::Health::NewStub(Channel());
  grpc::health::v1::HealthCheckRequest request;
  request.set_service("echo");
  HealthCheckResponse response;
  {
    grpc::ClientContext context;
    ASSERT_TRUE(health->Check(&context, request, &response).ok());
  }
  const auto checked = Wait(Method::kHealthCheck, grpc::StatusCode::OK, 1);
  EXPECT_EQ(checked.received_bytes.sum(), request.ByteSizeLong());
  EXPECT_EQ(checked.sent_bytes.sum(), response.ByteSizeLong());
  {
    grpc::ClientContext context;
    const auto watch = health->Watch(&context, request);
    ASSERT_TRUE(watch->Read(&response));
    context.TryCancel();
  }
  Wait(Method::kHealthWatch, grpc::StatusCode::CANCELLED, 1);
  request.set_service("nobody");
  grpc::ClientContext context;
  EXPECT_FALSE(health->Check(&context, request, &response).ok());
  Wait(Method::kHealthCheck, grpc::StatusCode::NOT_FOUND, 1);
}

}  // namespace
}  // namespace tournant
