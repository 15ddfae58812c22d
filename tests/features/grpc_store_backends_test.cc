#include "features/grpc_store_backends.h"

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <optional>
#include <set>

#include "cq/loop_thread.h"
#include "feast/serving/ServingService.grpc.pb.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "gtest/gtest.h"

namespace tournant {
namespace {

using feast::serving::GetOnlineFeaturesRequest;
using feast::serving::GetOnlineFeaturesResponse;

// Says whether a store serves, until it ends. Not gRPC's own service, most of whose code has not
// been compiled for ThreadSanitizer.
class ToldHealth final : public grpc::health::v1::Health::Service {
 public:
  explicit ToldHealth(bool serving) : serving_(serving) {}

  void Set(bool serving) {
    MutexLock lock(mutex_);
    serving_ = serving;
    changed_.SignalAll();
  }
  // Lets the watches end.
  void End() {
    MutexLock lock(mutex_);
    ended_ = true;
    changed_.SignalAll();
  }

 private:
  using Response = grpc::health::v1::HealthCheckResponse;

  grpc::Status Watch(grpc::ServerContext*, const grpc::health::v1::HealthCheckRequest*,
                     grpc::ServerWriter<Response>* writer) override {
    MutexLock lock(mutex_);
    std::optional<bool> told;
    while (!ended_) {
      if (told != serving_) {
        told = serving_;
        Response response;
        response.set_status(serving_ ? Response::SERVING : Response::NOT_SERVING);
        writer->Write(response);
        continue;
      }
      changed_.Wait(mutex_);
    }
    return grpc::Status::OK;
  }

  Mutex mutex_;
  CondVar changed_;
  bool serving_ ABSL_GUARDED_BY(mutex_);
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
};

// A feature store on a port of this machine that knows one feature, and who asked for it.
class SocketStore final : private feast::serving::ServingService::Service {
 public:
  // Without `serving` it has no health service.
  explicit SocketStore(std::optional<bool> serving = std::nullopt) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(this);
    if (serving) {
      health_.emplace(*serving);
      builder.RegisterService(&*health_);
    }
    server_ = builder.BuildAndStart();
  }
  ~SocketStore() override {
    if (health_) health_->End();
    server_->Shutdown(std::chrono::system_clock::time_point::min());
    // gRPC has ended the handlers by now, behind locks that ThreadSanitizer does not see.
    MutexLock lock(mutex_);
    peers_.clear();
  }

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  void SetServing(bool serving) { health_->Set(serving); }
  size_t peers() {
    MutexLock lock(mutex_);
    return peers_.size();
  }

 private:
  grpc::Status GetOnlineFeatures(grpc::ServerContext* context, const GetOnlineFeaturesRequest*,
                                 GetOnlineFeaturesResponse* response) override {
    {
      MutexLock lock(mutex_);
      peers_.insert(context->peer());
    }
    response->mutable_metadata()->mutable_feature_names()->add_val("v__a");
    auto* column = response->add_results();
    column->add_values()->set_int64_val(42);
    column->add_statuses(feast::serving::FieldStatus::PRESENT);
    column->add_event_timestamps()->set_seconds(10);
    return grpc::Status::OK;
  }

  int port_ = 0;
  std::optional<ToldHealth> health_;
  std::unique_ptr<grpc::Server> server_;
  Mutex mutex_;
  std::set<std::string> peers_ ABSL_GUARDED_BY(mutex_);
};

class GrpcStoreBackendsTest : public ::testing::Test {
 protected:
  GrpcStoreBackendsTest() {
    plan_.features = {{"v:a", {0}}};
    plan_.keys = {{"k", ValueType::kInt64, 0}};
    plan_.Index();
  }

  static std::vector<FeatureBackendParts> Dial(const std::string& address) {
    const auto parsed = ParseGrpcStoreAddress("grpc:" + address);
    EXPECT_TRUE(parsed.ok()) << parsed.status();
    return DialFeatureStore(*parsed, 1 << 20);
  }
  absl::Status Fetch(FeatureBackendParts& backend) {
    absl::Status status;
    Latch done;
    Run(*backend.stub, status, done);
    done.Wait();
    return status;
  }

 private:
  Detached Run(FeatureClient& client, absl::Status& status, Latch& done) {
    co_await Hop(loop_.loop());
    {
      CallPhase phase(loop_.clock(), nullptr);
      const TimePoint deadline = loop_.clock().Now() + std::chrono::hours(1);
      const CallContext call{loop_.loop(), loop_.clock(), deadline, {}, phase};
      const std::vector<KeyColumn> keys{{ValueType::kInt64, {1}, {}}};
      const std::vector<uint8_t> wanted{1};
      const FetchRequest request{plan_, keys, wanted, 1, deadline};
      const auto answer = co_await client.Fetch(call, request);
      status = answer.status();
    }
    done.CountDown();
  }

  FetchPlan plan_;
  LoopThread loop_;
};

TEST_F(GrpcStoreBackendsTest, AStoreWithoutAHealthServiceIsTakenAsHealthy) {
  SocketStore store;
  auto backends = Dial(store.address());
  ASSERT_EQ(backends.size(), 1u);
  EXPECT_EQ(backends[0].name, store.address());
  EXPECT_TRUE(backends[0].reachable()) << "as long as nothing else is known";
  ASSERT_NE(backends[0].attempts, nullptr);
  EXPECT_EQ(backends[0].attempts->target(), GrpcTarget(store.address()));
  EXPECT_TRUE(Fetch(backends[0]).ok());
  EXPECT_TRUE(backends[0].reachable());
}

TEST_F(GrpcStoreBackendsTest, AStoreThatSaysItDoesNotServeIsNotReachableUntilItDoes) {
  SocketStore store(/*serving=*/false);
  auto backends = Dial(store.address());
  EXPECT_EQ(Fetch(backends[0]).code(), absl::StatusCode::kUnavailable);
  EXPECT_FALSE(backends[0].reachable());
  EXPECT_EQ(store.peers(), 0u);
  store.SetServing(true);
  while (!Fetch(backends[0]).ok()) {
  }
  EXPECT_TRUE(backends[0].reachable());
}

TEST_F(GrpcStoreBackendsTest, TheHealthCheckCanBeLeftOut) {
  SocketStore store(/*serving=*/false);
  auto backends = Dial(store.address() + "?health_check=false");
  EXPECT_TRUE(Fetch(backends[0]).ok());
}

TEST_F(GrpcStoreBackendsTest, SeveralChannelsAreConnectionsOfTheirOwnAndTakeTurns) {
  SocketStore store;
  auto backends = Dial(store.address() + "?channels=3");
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(Fetch(backends[0]).ok());
  EXPECT_EQ(store.peers(), 3u);
}

TEST_F(GrpcStoreBackendsTest, EachAddressOfAListIsABackend) {
  SocketStore one;
  SocketStore two;
  auto backends = Dial(one.address() + "," + two.address());
  ASSERT_EQ(backends.size(), 2u);
  EXPECT_TRUE(Fetch(backends[1]).ok());
  EXPECT_EQ(one.peers(), 0u);
  EXPECT_EQ(two.peers(), 1u);
}

TEST_F(GrpcStoreBackendsTest, NobodyThereIsUnavailableAndSoonKnown) {
  std::string nobody;
  {
    SocketStore gone;
    nobody = gone.address();
  }
  auto backends = Dial(nobody);
  EXPECT_EQ(Fetch(backends[0]).code(), absl::StatusCode::kUnavailable);
  EXPECT_FALSE(backends[0].reachable());
}

}  // namespace
}  // namespace tournant
