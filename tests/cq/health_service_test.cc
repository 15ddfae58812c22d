#include "cq/health_service.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/thread.h"

namespace tournant {
namespace {

using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

class HealthServiceTest : public ::testing::Test {
 protected:
  HealthServiceTest() {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&health_.service());
    auto queue = builder.AddCompletionQueue();
    grpc::ServerCompletionQueue& accepting = *queue;
    loop_ = std::make_unique<CqLoop>(std::move(queue), clock_);
    server_ = builder.BuildAndStart();
    health_.Accept(*loop_, accepting);
    thread_ = Thread("loop", [this] { loop_->Run(); });
    stub_ = Health::NewStub(grpc::CreateChannel("127.0.0.1:" + std::to_string(port),
                                                grpc::InsecureChannelCredentials()));
  }

  ~HealthServiceTest() override {
    health_.End();
    server_->Shutdown();
    calls_.WaitForZero();
    loop_->Shutdown();
    thread_.Join();
  }

  grpc::Status Check(const std::string& name, HealthCheckResponse* response) {
    grpc::ClientContext context;
    HealthCheckRequest request;
    request.set_service(name);
    return stub_->Check(&context, request, response);
  }

  std::unique_ptr<grpc::ClientReader<HealthCheckResponse>> Watch(grpc::ClientContext& context,
                                                                 const std::string& name) {
    HealthCheckRequest request;
    request.set_service(name);
    return stub_->Watch(&context, request);
  }

  SystemClock clock_;
  CallCount calls_;
  HealthService health_{calls_};
  std::unique_ptr<CqLoop> loop_;
  std::unique_ptr<grpc::Server> server_;
  Thread thread_;
  std::unique_ptr<Health::Stub> stub_;
};

TEST_F(HealthServiceTest, ChecksWhatWasSet) {
  health_.Set("", true);
  health_.Set("model", false);
  HealthCheckResponse response;
  ASSERT_TRUE(Check("", &response).ok());
  EXPECT_EQ(response.status(), HealthCheckResponse::SERVING);
  ASSERT_TRUE(Check("model", &response).ok());
  EXPECT_EQ(response.status(), HealthCheckResponse::NOT_SERVING);
}

TEST_F(HealthServiceTest, DoesNotFindANameThatNobodySet) {
  HealthCheckResponse response;
  EXPECT_EQ(Check("nope", &response).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(HealthServiceTest, AWatchTellsTheStateAtOnceAndEachChange) {
  health_.Set("model", true);
  grpc::ClientContext context;
  const auto watch = Watch(context, "model");
  HealthCheckResponse response;
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::SERVING);
  health_.Set("other", true);  // Tells the watcher nothing.
  health_.Set("model", false);
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::NOT_SERVING);
  context.TryCancel();
  EXPECT_EQ(watch->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(HealthServiceTest, AWatchOfAnUnknownNameWaitsForIt) {
  grpc::ClientContext context;
  const auto watch = Watch(context, "later");
  HealthCheckResponse response;
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::SERVICE_UNKNOWN);
  health_.Set("later", true);
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::SERVING);
  context.TryCancel();
}

TEST_F(HealthServiceTest, EndClosesWatchesSoThatADrainNeedNotWaitForThem) {
  health_.Set("", true);
  grpc::ClientContext context;
  const auto watch = Watch(context, "");
  HealthCheckResponse response;
  ASSERT_TRUE(watch->Read(&response));
  health_.End();
  EXPECT_FALSE(watch->Read(&response));
  EXPECT_EQ(watch->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(HealthServiceTest, ACallerWhoLeavesIsForgotten) {
  health_.Set("", true);
  for (int i = 0; i < 20; ++i) {
    grpc::ClientContext context;
    const auto watch = Watch(context, "");
    HealthCheckResponse response;
    ASSERT_TRUE(watch->Read(&response));
    context.TryCancel();
    EXPECT_EQ(watch->Finish().error_code(), grpc::StatusCode::CANCELLED);
    health_.Set("", i % 2 == 1);
  }
}

}  // namespace
}  // namespace tournant
