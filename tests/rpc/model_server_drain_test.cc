// How a whole server ends, and what it has counted by then.

#include <thread>

#include "grpc/health/v1/health.grpc.pb.h"
#include "rpc/model_server_test.h"

namespace tournant {
namespace {

using inference::ModelInferRequest;

TEST_F(ModelServerTest, ADrainWaitsForCallsThatEndInTime) {
  StartServer(PuppetPool::Mode::kWhenTold);
  grpc::Status status;
  std::thread caller([&] { status = Infer(EchoRequest()); });
  pool_->WaitForJobs(1);
  std::thread drain([&] { server_->StopAccepting(std::chrono::minutes(5)); });
  while (server_->health().ready()) std::this_thread::yield();  // It has begun.
  pool_->RunOne();
  caller.join();
  drain.join();
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(server_->frames(), 0);
}

TEST_F(ModelServerTest, ADrainDoesNotWaitForWhoWatchesHealth) {
  StartServer();
  const auto health = grpc::health::v1::Health::NewStub(Channel());
  grpc::ClientContext context;
  const auto watch = health->Watch(&context, grpc::health::v1::HealthCheckRequest());
  grpc::health::v1::HealthCheckResponse state;
  ASSERT_TRUE(watch->Read(&state));
  EXPECT_EQ(state.status(), grpc::health::v1::HealthCheckResponse::SERVING);
  server_->health().StartDraining();
  ASSERT_TRUE(watch->Read(&state));
  EXPECT_EQ(state.status(), grpc::health::v1::HealthCheckResponse::NOT_SERVING);
  server_->StopAccepting(std::chrono::hours(1));  // Would hang for an hour.
  EXPECT_FALSE(watch->Read(&state));
  EXPECT_EQ(watch->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(ModelServerTest, ADrainCancelsCallsThatDoNotEnd) {
  StartServer(PuppetPool::Mode::kWhenTold);
  grpc::Status status;
  std::thread caller([&] { status = Infer(EchoRequest()); });
  pool_->WaitForJobs(1);
  server_->StopAccepting(Duration::zero());
  caller.join();
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(server_->frames(), 0);
}

TEST_F(ModelServerTest, CountsEachCallOnceByItsEnd) {
  StartServer();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Infer(EchoRequest()).ok());
  ModelInferRequest unknown = EchoRequest();
  unknown.set_model_name("nope");
  Infer(unknown);
  // A call's last figures are written after its answer has gone out; the drain waits for them.
  server_->StopAccepting(Duration::zero());
  EXPECT_EQ(metrics_.in_phase(Phase::kDone), 3);
  EXPECT_EQ(metrics_.in_phase(Phase::kFailed), 1);
  EXPECT_EQ(metrics_.in_phase(Phase::kResponding), 0);
  EXPECT_EQ(metrics_.started(static_cast<size_t>(Method::kModelInfer)), 4);
}

}  // namespace
}  // namespace tournant
