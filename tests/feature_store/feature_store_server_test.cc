#include "feature_store/feature_store_server.h"

#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/thread.h"
#include "fakes/in_process_tsan.h"
#include "fakes/manual_clock.h"
#include "fakes/temp_dir.h"
#include "feast/core/Registry.pb.h"
#include "feast/serving/GrpcServer.grpc.pb.h"
#include "feast/serving/ServingService.grpc.pb.h"
#include "feature_store/recorded_store.h"
#include "feature_store/sqlite_file.h"

namespace tournant {
namespace {

namespace serving = feast::serving;
using serving::GetOnlineFeaturesRequest;
using serving::GetOnlineFeaturesResponse;
using ::testing::HasSubstr;

class FeatureStoreServerTest : public ::testing::Test {
 protected:
  std::unique_ptr<FeatureStoreServer> Start(const FeatureStoreOptions& options) {
    return Start(options, clock_);
  }
  static std::unique_ptr<FeatureStoreServer> Start(const FeatureStoreOptions& options,
                                                   const Clock& clock) {
    auto server = FeatureStoreServer::Start(options, clock);
    EXPECT_TRUE(server.ok()) << server.status();
    return server.ok() ? *std::move(server) : nullptr;
  }
  static std::shared_ptr<grpc::Channel> ChannelTo(const FeatureStoreServer& server) {
    return grpc::CreateChannel(absl::StrCat("127.0.0.1:", server.port()),
                               grpc::InsecureChannelCredentials());
  }
  // How an embedded server answers a method that is given these bytes as its request.
  static grpc::Status CallWithBytes(FeatureStoreServer& server, const char* method,
                                    const grpc::ByteBuffer& request) {
    grpc::GenericStub stub(server.InProcessChannel());
    grpc::ClientContext context;
    grpc::CompletionQueue queue;
    const auto call = stub.PrepareUnaryCall(&context, method, request, &queue);
    call->StartCall();
    grpc::ByteBuffer response;
    grpc::Status status;
    call->Finish(&response, &status, nullptr);
    void* tag = nullptr;
    bool ok = false;
    EXPECT_TRUE(queue.Next(&tag, &ok));
    queue.Shutdown();
    while (queue.Next(&tag, &ok)) {
    }
    return status;
  }

  // It stands still: however slow the machine is, no call is too late for the server.
  ManualClock clock_;
  SystemClock machine_clock_;
};

TEST_F(FeatureStoreServerTest, TellsWhatItIsWithoutTouchingTheStore) {
  const auto server = Start(RecordedStore());
  const auto stub = serving::ServingService::NewStub(server->InProcessChannel());
  grpc::ClientContext context;
  serving::GetFeastServingInfoResponse response;
  ASSERT_TRUE(stub->GetFeastServingInfo(&context, {}, &response).ok());
  EXPECT_THAT(response.version(), HasSubstr("tournant"));
}

TEST_F(FeatureStoreServerTest, WritesAreUnimplementedAndSayWhy) {
  const auto server = Start(RecordedStore());
  const auto stub = GrpcFeatureServer::NewStub(server->InProcessChannel());
  for (int i = 0; i < 3; ++i) {
    grpc::ClientContext push_context;
    PushResponse pushed;
    const grpc::Status push = stub->Push(&push_context, {}, &pushed);
    EXPECT_EQ(push.error_code(), grpc::StatusCode::UNIMPLEMENTED);
    EXPECT_THAT(push.error_message(), HasSubstr("does not write"));
    grpc::ClientContext write_context;
    WriteToOnlineStoreResponse written;
    EXPECT_EQ(stub->WriteToOnlineStore(&write_context, {}, &written).error_code(),
              grpc::StatusCode::UNIMPLEMENTED);
  }
}

TEST_F(FeatureStoreServerTest, BytesThatAreNoRequestAreRefused) {
  const auto server = Start(RecordedStore());
  const std::string garbage = "\xff\xff\xff\xff";
  const grpc::Slice slice(garbage);
  const grpc::ByteBuffer request(&slice, 1);
  for (const char* method : {"/feast.serving.ServingService/GetOnlineFeatures",
                             "/GrpcFeatureServer/GetOnlineFeatures"}) {
    EXPECT_EQ(CallWithBytes(*server, method, request).error_code(),
              grpc::StatusCode::INVALID_ARGUMENT)
        << method;
  }
}

TEST_F(FeatureStoreServerTest, MoreThanItMayHoldInMemoryIsRefusedBeforeItIsParsed) {
  FeatureStoreOptions options = RecordedStore();
  options.call_limit.max_bytes = 50;
  const auto server = Start(options);
  const std::string garbage(51, '\xff');
  const grpc::Slice slice(garbage);
  const grpc::Status refused =
      CallWithBytes(*server, "/GrpcFeatureServer/GetOnlineFeatures", grpc::ByteBuffer(&slice, 1));
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(refused.error_message(), HasSubstr("51 bytes, more than 50"));
  const std::string less(50, '\xff');
  const grpc::Slice fits(less);
  EXPECT_EQ(
      CallWithBytes(*server, "/GrpcFeatureServer/GetOnlineFeatures", grpc::ByteBuffer(&fits, 1))
          .error_code(),
      grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(FeatureStoreServerTest, ErrorsNameTheFieldOfTheRequest) {
  const auto server = Start(RecordedStore());
  const auto stub = serving::ServingService::NewStub(server->InProcessChannel());
  grpc::ClientContext context;
  GetOnlineFeaturesRequest request = SeatsOf("N1602");
  request.clear_entities();
  GetOnlineFeaturesResponse response;
  const grpc::Status status = stub->GetOnlineFeatures(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("entities[tailnum]"));
}

// A copy of the recorded registry in a file of its own, and who asks a server of it for "seats".
class ChangingRegistryTest : public FeatureStoreServerTest {
 protected:
  ChangingRegistryTest() {
    std::ifstream recorded(options_.registry, std::ios::binary);
    EXPECT_TRUE(registry_.ParseFromIstream(&recorded));
    Write();
    options_.registry = (directory_.path() / "registry.db").native();
  }
  void Write() { directory_.Write("registry.db", registry_.SerializeAsString()); }
  void RenameTheView() {
    for (auto& view : *registry_.mutable_feature_views()) {
      if (view.spec().name() == "plane_facts") view.mutable_spec()->set_name("plane_figures");
    }
    registry_.clear_feature_services();  // They name the view.
    Write();
  }
  static grpc::StatusCode Ask(FeatureStoreServer& server) {
    grpc::ClientContext context;
    GetOnlineFeaturesResponse response;
    return serving::ServingService::NewStub(server.InProcessChannel())
        ->GetOnlineFeatures(&context, SeatsOf("N1602"), &response)
        .error_code();
  }

  const TempDir directory_;
  FeatureStoreOptions options_ = RecordedStore();
  feast::core::Registry registry_;
};

TEST_F(ChangingRegistryTest, AnswersByTheRegistryThatItsFileHoldsNow) {
  options_.registry_period = std::chrono::hours(1);  // This test looks itself.
  const auto server = Start(options_);
  EXPECT_EQ(Ask(*server), grpc::StatusCode::OK);
  RenameTheView();
  server->LookAtRegistry();
  EXPECT_EQ(Ask(*server), grpc::StatusCode::OK);
  server->LookAtRegistry();
  EXPECT_EQ(Ask(*server), grpc::StatusCode::NOT_FOUND);
  EXPECT_NE(server->registry()->FindView("plane_figures"), nullptr);
}

TEST_F(ChangingRegistryTest, TheFileIsLookedAtWithoutBeingTold) {
  options_.registry_period = std::chrono::milliseconds(1);
  const auto server = Start(options_);
  EXPECT_EQ(Ask(*server), grpc::StatusCode::OK);
  RenameTheView();
  while (Ask(*server) == grpc::StatusCode::OK) {
  }
  EXPECT_EQ(Ask(*server), grpc::StatusCode::NOT_FOUND);
}

TEST_F(ChangingRegistryTest, NoCallFailsWhileTheRegistryIsReadAgain) {
  options_.registry_period = std::chrono::milliseconds(1);
  const auto server = Start(options_);
  std::atomic<bool> ends{false};
  std::atomic<int> answered{0};
  std::atomic<int> failed{0};
  const auto call_on = [&] {
    while (!ends) {
      if (Ask(*server) != grpc::StatusCode::OK) ++failed;
      ++answered;
    }
  };
  Thread first("caller-1", call_on);
  Thread second("caller-2", call_on);
  for (int i = 0; i < 20; ++i) {
    const std::string name = absl::StrCat("new_", i);
    registry_.add_feature_views()->CopyFrom(registry_.feature_views(0));
    registry_.mutable_feature_views()->rbegin()->mutable_spec()->set_name(name);
    Write();
    while (server->registry()->FindView(name) == nullptr) {
    }
    const int before = answered;
    while (answered < before + 4) {
    }
  }
  ends = true;
  first.Join();
  second.Join();
  EXPECT_EQ(failed, 0);
}

TEST_F(ChangingRegistryTest, FeaturesThatShareAFieldInRedisAreRefusedThereOnly) {
  auto& features = *registry_.mutable_feature_views(0)->mutable_spec();
  features.set_name("v");
  for (const char* name : {"f37660", "f43618"}) features.add_features()->set_name(name);
  registry_.clear_feature_services();
  Write();
  EXPECT_NE(Start(options_), nullptr);
  options_.store = "redis://127.0.0.1:1";
  const absl::Status refused = FeatureStoreServer::Start(options_, clock_).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("'v:f37660' and 'v:f43618'"));
}

TEST_F(FeatureStoreServerTest, ALockedStoreEndsACallAtItsDeadline) {
  SqliteFile file("online.db");
  file.CreateTable("nycflights_plane_facts");
  FeatureStoreOptions options = RecordedStore();
  options.store = "sqlite:" + file.path();
  const auto server = Start(options, machine_clock_);
  const auto stub = serving::ServingService::NewStub(server->InProcessChannel());
  file.Run("BEGIN EXCLUSIVE");
  grpc::ClientContext context;
  context.set_deadline(machine_clock_.WallNow() + std::chrono::milliseconds(30));
  GetOnlineFeaturesResponse response;
  EXPECT_EQ(stub->GetOnlineFeatures(&context, SeatsOf("N1602"), &response).error_code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);
  file.Run("COMMIT");
  grpc::ClientContext later;
  later.set_deadline(machine_clock_.WallNow() + std::chrono::hours(1));
  EXPECT_TRUE(stub->GetOnlineFeatures(&later, SeatsOf("N1602"), &response).ok());
}

TEST_F(FeatureStoreServerTest, AnEmbeddedServerHasNeitherPortNorHealthNorReflection) {
  const auto server = Start(RecordedStore());
  EXPECT_EQ(server->port(), 0);
  EXPECT_EQ(server->registry()->project(), "nycflights");
  for (const char* method : {"/grpc.health.v1.Health/Check", "/no.such.Service/Method"}) {
    EXPECT_EQ(CallWithBytes(*server, method, grpc::ByteBuffer()).error_code(),
              grpc::StatusCode::UNIMPLEMENTED)
        << method;
  }
}

TEST_F(FeatureStoreServerTest, ListensOnAPortOfItsOwnAndRefusesOneThatIsTaken) {
  FeatureStoreOptions options = RecordedStore();
  options.address = "127.0.0.1:0";
  const auto server = Start(options);
  ASSERT_GT(server->port(), 0);
  const std::string address = absl::StrCat("127.0.0.1:", server->port());
  const auto stub = serving::ServingService::NewStub(ChannelTo(*server));
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  GetOnlineFeaturesResponse response;
  const grpc::Status status = stub->GetOnlineFeatures(&context, SeatsOf("N1602"), &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.results(1).values(0).int64_val(), 330);

  options.address = address;
  const auto second = FeatureStoreServer::Start(options, clock_);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(address));
}

TEST_F(FeatureStoreServerTest, WrongSettingsAreNamed) {
  const auto error = [&](void (*change)(FeatureStoreOptions&)) {
    FeatureStoreOptions options = RecordedStore();
    change(options);
    return std::string(FeatureStoreServer::Start(options, clock_).status().message());
  };
  EXPECT_THAT(error([](auto& o) { o.key_version = "7"; }), HasSubstr("key_version: '7'"));
  EXPECT_THAT(error([](auto& o) { o.writer_tz = "CET"; }), HasSubstr("writer_tz: 'CET'"));
  EXPECT_THAT(error([](auto& o) { o.project = "other"; }), HasSubstr("'other'"));
  EXPECT_THAT(error([](auto& o) { o.registry += ".no"; }), HasSubstr("registry.db.no"));
  EXPECT_THAT(error([](auto& o) { o.store += ".no"; }), HasSubstr("online_store.db.no"));
  EXPECT_THAT(error([](auto& o) { o.store = "rediss://h:1"; }), HasSubstr("TLS is not supported"));
  EXPECT_THAT(error([](auto& o) { o.store = "mysql:h"; }), HasSubstr("'mysql:h'"));
}

TEST_F(FeatureStoreServerTest, ShutdownMayBeRepeatedAndRefusesLaterCalls) {
  // No port, which may be somebody else's a moment later.
  const TempDir folder;
  FeatureStoreOptions options = RecordedStore();
  options.address = "unix:" + (folder.path() / "socket").native();
  const auto server = Start(options);
  const auto channel = grpc::CreateChannel(options.address, grpc::InsecureChannelCredentials());
  server->Shutdown(std::chrono::milliseconds(100));
  server->Shutdown(std::chrono::milliseconds(100));
  grpc::ClientContext context;
  GetOnlineFeaturesResponse response;
  EXPECT_EQ(serving::ServingService::NewStub(channel)
                ->GetOnlineFeatures(&context, SeatsOf("N1602"), &response)
                .error_code(),
            grpc::StatusCode::UNAVAILABLE);
}

// Several callers with answers, cancels and deadlines of 0 to 3 ms, and a drain in the middle. What
// counts is that nothing crashes, hangs or leaks, under the sanitizers too, and that every answer
// that came is right.
TEST_F(FeatureStoreServerTest, SurvivesAStormOfShortDeadlinesAndADrainInTheMiddle) {
  FeatureStoreOptions options = RecordedStore();
  options.address = "127.0.0.1:0";
  const auto server = Start(options, machine_clock_);
  const auto channel = ChannelTo(*server);
  std::atomic<int> answered{0};
  std::atomic<int> wrong{0};
  std::vector<Thread> callers;
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back("caller", [&] {
      const auto stub = serving::ServingService::NewStub(channel);
      for (int i = 0; i < 300; ++i) {
        grpc::ClientContext context;
        if (i % 3 != 0) {
          context.set_deadline(machine_clock_.WallNow() + std::chrono::microseconds((i % 7) * 500));
        }
        GetOnlineFeaturesResponse response;
        const grpc::Status status = stub->GetOnlineFeatures(&context, SeatsOf("N1602"), &response);
        if (status.ok()) {
          ++answered;
          if (response.results(1).values(0).int64_val() != 330) ++wrong;
        }
      }
    });
  }
  while (answered.load() < 50) {
    grpc::ClientContext context;
    GetOnlineFeaturesResponse response;
    const auto stub = serving::ServingService::NewStub(channel);
    if (stub->GetOnlineFeatures(&context, SeatsOf("N1602"), &response).ok()) ++answered;
  }
  server->Shutdown(std::chrono::milliseconds(0));
  callers.clear();
  EXPECT_EQ(wrong.load(), 0);
}

}  // namespace
}  // namespace tournant
