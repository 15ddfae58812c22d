#include "rpc/repository_calls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <thread>

#include "base/status.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "rpc/model_server_test.h"

namespace tournant {
namespace {

using inference::RepositoryIndexRequest;
using inference::RepositoryIndexResponse;
using inference::RepositoryModelLoadRequest;
using inference::RepositoryModelLoadResponse;
using inference::RepositoryModelUnloadRequest;
using inference::RepositoryModelUnloadResponse;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A loader without a thread: jobs wait until the test answers them.
class PuppetControl final : public RepositoryControl {
 public:
  explicit PuppetControl(ModelControl mode) : mode_(mode) {}

  ModelControl mode() const override { return mode_; }
  absl::Status Submit(std::shared_ptr<ControlJob> job) override {
    MutexLock lock(mutex_);
    if (refuse_) return Overloaded("LOADER_BUSY", std::chrono::milliseconds(20), "too many");
    jobs_.push_back(std::move(job));
    submitted_.SignalAll();
    return absl::OkStatus();
  }
  absl::Status List(std::shared_ptr<NamesJob> job) override {
    if (!job->Claim()) return absl::OkStatus();
    {
      MutexLock lock(mutex_);
      job->result = names_;
    }
    job->Resume();
    return absl::OkStatus();
  }

  std::shared_ptr<ControlJob> WaitForJob() {
    MutexLock lock(mutex_);
    while (jobs_.empty()) submitted_.Wait(mutex_);
    std::shared_ptr<ControlJob> job = std::move(jobs_.front());
    jobs_.pop_front();
    return job;
  }
  static void Answer(ControlJob& job, absl::Status result) {
    ASSERT_TRUE(job.Claim());
    job.result = std::move(result);
    job.Resume();
  }
  void RefuseAll() {
    MutexLock lock(mutex_);
    refuse_ = true;
  }
  void SetNames(absl::StatusOr<std::vector<std::string>> names) {
    MutexLock lock(mutex_);
    names_ = std::move(names);
  }

 private:
  const ModelControl mode_;
  Mutex mutex_;
  CondVar submitted_;
  absl::StatusOr<std::vector<std::string>> names_ ABSL_GUARDED_BY(mutex_) =
      std::vector<std::string>();
  std::deque<std::shared_ptr<ControlJob>> jobs_ ABSL_GUARDED_BY(mutex_);
  bool refuse_ ABSL_GUARDED_BY(mutex_) = false;
};

class RepositoryCallsTest : public ModelServerTest {
 protected:
  void Start(ModelControl mode = ModelControl::kExplicit) {
    control_ = std::make_unique<PuppetControl>(mode);
    ModelServer::Options options;
    options.service.repository = control_.get();
    StartServer(PuppetPool::Mode::kAtOnce, options);
  }

  static RepositoryModelLoadRequest LoadRequest(const std::string& model) {
    RepositoryModelLoadRequest request;
    request.set_model_name(model);
    return request;
  }
  grpc::Status Load(const RepositoryModelLoadRequest& request) {
    grpc::ClientContext context;
    RepositoryModelLoadResponse response;
    return stub_->RepositoryModelLoad(&context, request, &response);
  }
  grpc::Status Unload(const std::string& model) {
    grpc::ClientContext context;
    RepositoryModelUnloadRequest request;
    request.set_model_name(model);
    RepositoryModelUnloadResponse response;
    return stub_->RepositoryModelUnload(&context, request, &response);
  }
  std::vector<std::string> Index(bool ready = false) {
    grpc::ClientContext context;
    RepositoryIndexRequest request;
    request.set_ready(ready);
    RepositoryIndexResponse response;
    EXPECT_TRUE(stub_->RepositoryIndex(&context, request, &response).ok());
    std::vector<std::string> lines;
    for (const auto& model : response.models()) {
      lines.push_back(absl::StrCat(model.name(), "/", model.version(), " ", model.state(), " ",
                                   model.reason()));
    }
    return lines;
  }
  // Runs `call` while this thread answers its job with `result`.
  template <class Call>
  grpc::Status Answered(Call call, absl::Status result) {
    grpc::Status status;
    std::thread caller([&] { status = call(); });
    job_ = control_->WaitForJob();
    PuppetControl::Answer(*job_, std::move(result));
    caller.join();
    return status;
  }

  std::unique_ptr<PuppetControl> control_;
  std::shared_ptr<ControlJob> job_;
};

TEST_F(RepositoryCallsTest, ALoadIsAnsweredWhenItIsDone) {
  Start();
  EXPECT_TRUE(Answered([&] { return Load(LoadRequest("m")); }, absl::OkStatus()).ok());
  EXPECT_EQ(job_->kind, ControlJob::Kind::kLoad);
  EXPECT_EQ(job_->model, "m");
  EXPECT_TRUE(job_->override.empty());
}

TEST_F(RepositoryCallsTest, ALoadThatFailsIsInternalWithTheReason) {
  Start();
  const grpc::Status status = Answered([&] { return Load(LoadRequest("m\n")); },
                                       absl::InvalidArgumentError("m/1/model.pt: broken"));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INTERNAL);
  EXPECT_EQ(status.error_message(), "failed to load 'm\\n', m/1/model.pt: broken");
}

TEST_F(RepositoryCallsTest, AnUnloadOfAnUnknownModelIsNotFound) {
  Start();
  EXPECT_TRUE(Answered([&] { return Unload("m"); }, absl::OkStatus()).ok());
  EXPECT_EQ(job_->kind, ControlJob::Kind::kUnload);
  const grpc::Status status = Answered([&] { return Unload("m"); }, absl::NotFoundError("no m"));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(status.error_message(), "no m");
}

TEST_F(RepositoryCallsTest, OverridesReachTheLoader) {
  Start();
  RepositoryModelLoadRequest request = LoadRequest("m");
  (*request.mutable_parameters())["config"].set_string_param("{}");
  (*request.mutable_parameters())["file:1/model.pt"].set_bytes_param(std::string("a\0b", 3));
  EXPECT_TRUE(Answered([&] { return Load(request); }, absl::OkStatus()).ok());
  EXPECT_EQ(job_->override.config_json, "{}");
  EXPECT_EQ(job_->override.files["1/model.pt"], std::string("a\0b", 3));
}

TEST_F(RepositoryCallsTest, ADeadlineEndsTheCallAndNotTheLoad) {
  Start();
  grpc::Status status;
  std::thread caller([&] {
    grpc::ClientContext context;
    context.set_deadline(SystemClock().WallNow() + std::chrono::milliseconds(50));
    RepositoryModelLoadResponse response;
    status = stub_->RepositoryModelLoad(&context, LoadRequest("m"), &response);
  });
  const auto job = control_->WaitForJob();
  caller.join();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  // The server hears of it in its own time.
  while (!job->claimed()) std::this_thread::yield();
  EXPECT_FALSE(job->Claim());
  EXPECT_TRUE(Answered([&] { return Load(LoadRequest("m")); }, absl::OkStatus()).ok());
}

TEST_F(RepositoryCallsTest, ACallerWhoLeavesIsNotWaitedFor) {
  Start();
  grpc::ClientContext context;
  grpc::Status status;
  std::thread caller([&] {
    RepositoryModelLoadResponse response;
    status = stub_->RepositoryModelLoad(&context, LoadRequest("m"), &response);
  });
  const auto job = control_->WaitForJob();
  context.TryCancel();
  caller.join();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::CANCELLED);
  while (!job->claimed()) std::this_thread::yield();
}

TEST_F(RepositoryCallsTest, OtherCallsAreAnsweredWhileALoadGoesOn) {
  Start();
  grpc::Status status;
  std::thread caller([&] { status = Load(LoadRequest("m")); });
  const auto job = control_->WaitForJob();
  EXPECT_TRUE(Infer(EchoRequest()).ok());
  PuppetControl::Answer(*job, absl::OkStatus());
  caller.join();
  EXPECT_TRUE(status.ok());
}

TEST_F(RepositoryCallsTest, ABusyLoaderTellsTheCallerToComeAgain) {
  Start();
  control_->RefuseAll();
  EXPECT_EQ(Load(LoadRequest("m")).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(RepositoryCallsTest, WithoutExplicitControlLoadAndUnloadAreRefused) {
  for (const ModelControl mode : {ModelControl::kNone, ModelControl::kPoll}) {
    Start(mode);
    for (const grpc::Status& status : {Load(LoadRequest("echo")), Unload("echo")}) {
      EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
      EXPECT_EQ(status.error_message(),
                "explicit model load / unload is not allowed if polling is enabled; start the "
                "server with --model_control=explicit for it");
    }
    TearDown();
    server_.reset();
  }
}

TEST_F(RepositoryCallsTest, ANamedRepositoryIsUnimplemented) {
  Start();
  RepositoryModelLoadRequest request = LoadRequest("m");
  request.set_repository_name("r");
  EXPECT_EQ(Load(request).error_code(), grpc::StatusCode::UNIMPLEMENTED);
  grpc::ClientContext context;
  RepositoryIndexRequest index;
  index.set_repository_name("r");
  RepositoryIndexResponse response;
  const grpc::Status status = stub_->RepositoryIndex(&context, index, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_EQ(status.error_message(), "'repository_name' specification is not supported");
}

TEST_F(RepositoryCallsTest, TheIndexHoldsWhatIsKnownAndWhatLiesInTheRepository) {
  registry_.MarkFailed("broken", 2, "no such file");
  registry_.MarkFailed("empty", 0, "has no version directory");
  registry_.MarkLoading("loading", 1);
  registry_.Publish(MakeVersion("gone", 3, EchoModel()));
  registry_.StartUnload("gone", 3);
  registry_.FinishUnload("gone", 3);
  Start();
  control_->SetNames(std::vector<std::string>{"another", "broken", "echo", "never\n"});
  EXPECT_THAT(Index(),
              ElementsAre("another/  ", "broken/2 UNAVAILABLE no such file", "echo/1 READY ",
                          "empty/ UNAVAILABLE has no version directory",
                          "gone/3 UNAVAILABLE unloaded", "loading/1 LOADING ", "never\\n/  "));
  EXPECT_THAT(Index(/*ready=*/true), ElementsAre("echo/1 READY "));
  control_->SetNames(absl::FailedPreconditionError("gone"));
  EXPECT_EQ(Index().size(), 5);
}

TEST_F(RepositoryCallsTest, HealthFollowsALoadAtOnce) {
  Start();
  const auto health = grpc::health::v1::Health::NewStub(Channel());
  const auto serving = [&](const std::string& name) {
    grpc::ClientContext context;
    grpc::health::v1::HealthCheckRequest request;
    request.set_service(name);
    grpc::health::v1::HealthCheckResponse response;
    EXPECT_TRUE(health->Check(&context, request, &response).ok());
    return response.status() == grpc::health::v1::HealthCheckResponse::SERVING;
  };
  EXPECT_TRUE(serving("echo"));
  registry_.StartUnload("echo", 1);
  EXPECT_TRUE(Answered([&] { return Unload("echo"); }, absl::OkStatus()).ok());
  EXPECT_FALSE(serving("echo"));
  registry_.Publish(MakeVersion("m", 1, EchoModel()));
  EXPECT_TRUE(Answered([&] { return Load(LoadRequest("m")); }, absl::OkStatus()).ok());
  EXPECT_TRUE(serving("m"));
}

TEST_F(RepositoryCallsTest, AHundredReloadsUnderLoadFailNoCall) {
  Start();
  std::atomic<bool> done{false};
  std::atomic<int> answered{0};
  std::vector<std::thread> callers;
  for (int i = 0; i < 3; ++i) {
    callers.emplace_back([&, request = EchoRequest()] {
      while (!done) {
        const grpc::Status status = Infer(request);
        EXPECT_TRUE(status.ok()) << status.error_message();
        ++answered;
      }
    });
  }
  // Each round: the same version anew, then the next one in place of it, as the loader does it.
  for (int round = 1; round <= 100; ++round) {
    const int seen = answered;
    registry_.MarkLoading("echo", round);
    EXPECT_NE(registry_.Publish(MakeVersion("echo", round, EchoModel())), nullptr);
    registry_.MarkLoading("echo", round + 1);
    registry_.Publish(MakeVersion("echo", round + 1, EchoModel()));
    EXPECT_NE(registry_.Remove("echo", round), nullptr);
    EXPECT_EQ(registry_.List().size(), 1u);
    while (answered < seen + 3) std::this_thread::yield();
  }
  done = true;
  for (std::thread& caller : callers) caller.join();
}

RepositoryModelLoadRequest WithParameter(
    const std::string& name, const std::function<void(inference::ModelRepositoryParameter&)>& set) {
  RepositoryModelLoadRequest request;
  request.set_model_name("m");
  set((*request.mutable_parameters())[name]);
  return request;
}

TEST(TakeLoadParameters, NamesTheParameterThatIsWrong) {
  const auto refused = [](RepositoryModelLoadRequest request) {
    const absl::Status status = TakeLoadParameters(request).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return absl::StrCat(FieldOf(status), " ", status.message());
  };
  EXPECT_THAT(refused(WithParameter("colour", [](auto& value) { value.set_string_param("red"); })),
              HasSubstr("unrecognized load parameter 'colour'"));
  EXPECT_THAT(refused(WithParameter("config", [](auto& value) { value.set_bool_param(true); })),
              HasSubstr("parameters[config]"));
  EXPECT_THAT(refused(WithParameter("file:1/a", [](auto& value) { value.set_string_param("x"); })),
              HasSubstr("parameters[file:1/a]"));
  EXPECT_THAT(refused(WithParameter("file:1/a", [](auto& value) { value.set_bytes_param("x"); })),
              HasSubstr("needs the parameter 'config'"));
  RepositoryModelLoadRequest escape =
      WithParameter("file:../a", [](auto& value) { value.set_bytes_param("x"); });
  (*escape.mutable_parameters())["config"].set_string_param("{}");
  EXPECT_THAT(refused(escape), HasSubstr("parameters[file:../a]"));
}

TEST(CheckUnloadParameters, KnowsOfDependentsOnly) {
  RepositoryModelUnloadRequest request;
  (*request.mutable_parameters())["unload_dependents"].set_bool_param(true);
  EXPECT_TRUE(CheckUnloadParameters(request).ok());
  (*request.mutable_parameters())["unload_dependents"].set_string_param("yes");
  EXPECT_FALSE(CheckUnloadParameters(request).ok());
  request.clear_parameters();
  (*request.mutable_parameters())["other"].set_bool_param(true);
  EXPECT_THAT(std::string(CheckUnloadParameters(request).message()),
              HasSubstr("unrecognized unload parameter 'other'"));
}

}  // namespace
}  // namespace tournant
