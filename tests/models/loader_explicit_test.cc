// --model_control=explicit: models come and go as callers wish.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/status.h"
#include "fakes/live_count.h"
#include "fakes/test_call.h"
#include "models/loader_fixture.h"

namespace tournant {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

Task<absl::Status> Await(const CallContext& call, ModelLoader& loader,
                         std::shared_ptr<ControlJob> job) {
  const absl::Status awaited =
      co_await HandoffAwaiter(call, *job, [&] { return loader.Submit(job); });
  if (!awaited.ok()) co_return awaited;
  co_return std::move(job->result);
}
Task<absl::StatusOr<std::vector<std::string>>> AwaitNames(const CallContext& call,
                                                          ModelLoader& loader) {
  const auto job = std::make_shared<NamesJob>();
  const absl::Status awaited =
      co_await HandoffAwaiter(call, *job, [&] { return loader.List(job); });
  if (!awaited.ok()) co_return awaited;
  co_return std::move(job->result);
}

class LoaderExplicitTest : public LoaderTest {
 protected:
  LoaderExplicitTest() { options_.control = ModelControl::kExplicit; }

  absl::Status Carry(ControlJob::Kind kind, const std::string& model, LoadOverride override = {}) {
    auto job = std::make_shared<ControlJob>();
    job->kind = kind;
    job->model = model;
    job->override = std::move(override);
    TestCall call;
    Started<absl::Status> started(Await(call.context, *loader_, job));
    if (!started.done()) call.loop.WaitAndRun();
    return *started.result;
  }
  absl::Status Load(const std::string& model, LoadOverride override = {}) {
    return Carry(ControlJob::Kind::kLoad, model, std::move(override));
  }
  absl::Status Unload(const std::string& model) { return Carry(ControlJob::Kind::kUnload, model); }
  static LoadOverride Config(const std::string& more = "") {
    return {R"({"input": [{"name": "x", "data_type": "TYPE_FP32", "dims": [4]}],)"
            R"( "output": [{"name": "overridden"}])" +
                more + "}",
            {}};
  }
};

TEST_F(LoaderExplicitTest, NothingIsLoadedAtStartAndThatIsReady) {
  WriteVersion("m", 1);
  EXPECT_FALSE(registry_.AllReady());  // It has not started.
  ASSERT_TRUE(MakeLoader().LoadAll().ok());
  EXPECT_THAT(States(), IsEmpty());
  EXPECT_TRUE(registry_.AllReady());
}

TEST_F(LoaderExplicitTest, NamedModelsAreLoadedAtStart) {
  for (const char* name : {"a", "b", "c"}) WriteVersion(name, 1);
  options_.load_at_start = {"a", "c"};
  ASSERT_TRUE(MakeLoader().LoadAll().ok());
  EXPECT_THAT(States(), ElementsAre("a/1 READY", "c/1 READY"));
  options_.load_at_start = {"*"};
  ASSERT_TRUE(MakeLoader().LoadAll().ok());
  EXPECT_THAT(States(), ElementsAre("a/1 READY", "b/1 READY", "c/1 READY"));
}

TEST_F(LoaderExplicitTest, ANamedModelThatIsNotThereFailsTheStart) {
  WriteVersion("a", 1);
  options_.load_at_start = {"a", "nope"};
  EXPECT_EQ(MakeLoader().LoadAll().message(),
            "--load_model: 'nope': the model repository has no such model");
  EXPECT_TRUE(MakeLoader(/*exit_on_error=*/false).LoadAll().ok());
  EXPECT_THAT(States(), ElementsAre("a/1 READY"));
}

TEST_F(LoaderExplicitTest, AModelThatFailedAtStartIsMissed) {
  WriteVersion("a", 1, "broken");
  options_.load_at_start = {"a"};
  EXPECT_TRUE(MakeLoader(/*exit_on_error=*/false).LoadAll().ok());
  EXPECT_FALSE(registry_.AllReady());
  EXPECT_TRUE(Unload("a").ok());
  EXPECT_TRUE(registry_.AllReady());
}

TEST_F(LoaderExplicitTest, ARescanDoesNothing) {
  ASSERT_TRUE(MakeLoader().LoadAll().ok());
  WriteVersion("m", 1);
  Rescan();
  EXPECT_THAT(States(), IsEmpty());
}

TEST_F(LoaderExplicitTest, LoadsWhatIsAskedForAndReloadsItOnlyWhenItHasChanged) {
  ASSERT_TRUE(MakeLoader().LoadAll().ok());
  WriteVersion("m", 1);
  EXPECT_TRUE(Load("m").ok());
  EXPECT_THAT(States(), ElementsAre("m/1 READY"));
  EXPECT_TRUE(Load("m").ok());
  EXPECT_EQ(factory_.loads(), 1);
  WriteVersion("m", 2);
  EXPECT_TRUE(Load("m").ok());
  EXPECT_EQ(factory_.loads(), 2);
  EXPECT_THAT(States(), ElementsAre("m/2 READY"));
}

TEST_F(LoaderExplicitTest, AFailedLoadSaysWhyInOneLineAndKeepsWhatIsServed) {
  ASSERT_TRUE(MakeLoader().LoadAll().ok());
  WriteVersion("m", 1);
  ASSERT_TRUE(Load("m").ok());
  WriteModelFile("m", 1, "broken");
  EXPECT_EQ(Load("m").message(), "m/1/model.pt: the bytes are broken");
  EXPECT_THAT(States(), ElementsAre("m/1 READY: m/1/model.pt: the bytes are broken"));
  EXPECT_TRUE(registry_.AllReady());
  dir_.Write("n/config.pbtxt", "runtime: \"x\"\nname: \"o\"");
  dir_.Write("n/1/model.pt", "");
  EXPECT_THAT(std::string(Load("n").message()),
              testing::AllOf(StartsWith("n/config.pbtxt:1:"), HasSubstr("; n/config.pbtxt:2:")));
}

TEST_F(LoaderExplicitTest, AModelThatIsNotThereIsNotLoadedNorKnown) {
  ASSERT_TRUE(MakeLoader().LoadAll().ok());
  EXPECT_EQ(Load("nope").message(), "the model repository has no such model");
  EXPECT_THAT(std::string(Load("../etc").message()), HasSubstr("is no model name"));
  EXPECT_THAT(std::string(Load("../etc", {"{}", {{"1/model.pt", ""}}}).message()),
              HasSubstr("is no model name"));
  EXPECT_THAT(States(), IsEmpty());
}

TEST_F(LoaderExplicitTest, AnUnloadedModelStaysKnownUntilItIsLoadedAgain) {
  WriteConfig("m", "version_policy { all {} }");
  WriteModelFile("m", 1, "fine");
  WriteModelFile("m", 2, "fine");
  options_.load_at_start = {"m"};
  ASSERT_TRUE(MakeLoader().LoadAll().ok());
  ModelHandle call = *registry_.Find("m");
  EXPECT_TRUE(Unload("m").ok());
  EXPECT_EQ(registry_.Find("m").status().code(), absl::StatusCode::kUnavailable);  // Unloading.
  EXPECT_TRUE(registry_.AllReady());
  call.reset();
  loader_->WaitUntilFreed();
  EXPECT_THAT(States(), ElementsAre("m/1 UNAVAILABLE: unloaded", "m/2 UNAVAILABLE: unloaded"));
  EXPECT_EQ(registry_.Find("m").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(LiveCount::alive(), 0);
  EXPECT_TRUE(Unload("m").ok());

  dir_.Remove("m/1");
  EXPECT_TRUE(Load("m").ok());
  EXPECT_THAT(States(), ElementsAre("m/2 READY"));
}

TEST_F(LoaderExplicitTest, AVersionThatACallStillHoldsIsUnloading) {
  WriteVersion("m", 1);
  options_.load_at_start = {"m"};
  ASSERT_TRUE(MakeLoader().LoadAll().ok());
  const ModelHandle call = *registry_.Find("m");
  EXPECT_TRUE(Unload("m").ok());
  EXPECT_THAT(States(), ElementsAre("m/1 UNLOADING"));
  EXPECT_TRUE(Load("m").ok());
  EXPECT_THAT(States(), ElementsAre("m/1 READY"));
}

TEST_F(LoaderExplicitTest, UnloadingWhatNobodyKnowsIsNotFound) {
  ASSERT_TRUE(MakeLoader().LoadAll().ok());
  EXPECT_EQ(Unload("m"), absl::NotFoundError("Request for unknown model: 'm' is not found"));
}

TEST_F(LoaderExplicitTest, AConfigMayStandInForTheFileUntilThePlainLoad) {
  ASSERT_TRUE(MakeLoader().LoadAll().ok());
  WriteVersion("m", 1);
  ASSERT_TRUE(Load("m").ok());
  ASSERT_TRUE(Load("m", Config()).ok());
  EXPECT_EQ((*registry_.Find("m"))->config.outputs[0].name, "overridden");
  ASSERT_TRUE(Load("m").ok());
  EXPECT_EQ((*registry_.Find("m"))->config.outputs[0].name, "y");
  EXPECT_EQ(factory_.loads(), 3);
}

TEST_F(LoaderExplicitTest, AConfigMayChooseOtherVersions) {
  ASSERT_TRUE(MakeLoader().LoadAll().ok());
  WriteVersion("m", 1);
  WriteVersion("m", 2);
  ASSERT_TRUE(Load("m", Config(R"(, "version_policy": {"specific": {"versions": [1]}})")).ok());
  EXPECT_THAT(States(), ElementsAre("m/1 READY"));
}

TEST_F(LoaderExplicitTest, AConfigThatIsWrongChangesNothing) {
  ASSERT_TRUE(MakeLoader().LoadAll().ok());
  WriteVersion("m", 1);
  ASSERT_TRUE(Load("m").ok());
  LoadOverride nonsense;
  nonsense.config_json = "{";
  EXPECT_THAT(std::string(Load("m", nonsense).message()), StartsWith("config"));
  EXPECT_TRUE(registry_.Find("m").ok());
}

TEST_F(LoaderExplicitTest, FilesMayStandInForTheWholeModelAndLeaveNoTrace) {
  std::filesystem::path seen;
  mode_t mode = 0;
  FunctionStep step([&](ModelVersion& version) {
    seen = version.model_directory;
    struct stat info{};
    stat(seen.parent_path().c_str(), &info);
    mode = info.st_mode & 0777;
    return absl::OkStatus();
  });
  steps_ = {&step};
  ASSERT_TRUE(MakeLoader().LoadAll().ok());
  WriteVersion("m", 1);
  ASSERT_TRUE(Load("m").ok());
  LoadOverride override = Config();
  override.files["5/model.pt"] = TorchScriptLikeBytes("fine");
  override.files["5/carriers.txt"] = "AA\n";
  ASSERT_TRUE(Load("m", override).ok());
  EXPECT_THAT(States(), ElementsAre("m/5 READY"));
  EXPECT_EQ(mode, 0700);
  EXPECT_NE(seen, dir_.path() / "m");
  EXPECT_FALSE(std::filesystem::exists(seen.parent_path()));

  override.files["5/model.pt"] = TorchScriptLikeBytes("broken");
  EXPECT_EQ(Load("m", override).message(), "m/5/model.pt: the bytes are broken");
  EXPECT_FALSE(std::filesystem::exists(seen.parent_path()));
  ASSERT_TRUE(Load("m").ok());
  EXPECT_THAT(States(), ElementsAre("m/1 READY"));
}

TEST_F(LoaderExplicitTest, AModelMayConsistOfOverridesOnly) {
  ASSERT_TRUE(MakeLoader().LoadAll().ok());
  LoadOverride override = Config();
  override.files["1/model.pt"] = TorchScriptLikeBytes("fine");
  ASSERT_TRUE(Load("new", override).ok());
  EXPECT_THAT(States(), ElementsAre("new/1 READY"));
}

TEST_F(LoaderExplicitTest, TheDryRunSeesTheOverrides) {
  child_check_.executable = "/bin/sh";
  child_check_.arguments = {"-c",
                            "echo \"error: $(cat ${1#*=}) $(cat ${0#*=}/carriers.txt)\"; exit 2"};
  ASSERT_TRUE(MakeLoader().LoadAll().ok());
  LoadOverride override;
  override.config_json = "{ }";
  override.files["1/carriers.txt"] = "AA";
  EXPECT_EQ(Load("m", override).message(), "{ } AA");
}

TEST_F(LoaderExplicitTest, ACallThatEndsBeforeItsLoadLeavesTheLoadGoingOn) {
  WriteVersion("m", 1);
  Mutex mutex;
  CondVar changed;
  bool inside = false;
  bool go_on = false;
  FunctionStep step([&](ModelVersion&) {
    MutexLock lock(mutex);
    inside = true;
    changed.SignalAll();
    while (!go_on) changed.Wait(mutex);
    return absl::OkStatus();
  });
  steps_ = {&step};
  ASSERT_TRUE(MakeLoader().LoadAll().ok());
  const auto load = std::make_shared<ControlJob>();
  load->model = "m";
  TestCall call;
  Started<absl::Status> started(Await(call.context, *loader_, load));
  {
    MutexLock lock(mutex);
    while (!inside) changed.Wait(mutex);
  }
  call.loop.Advance(std::chrono::seconds(2));
  ASSERT_TRUE(started.done());
  EXPECT_TRUE(absl::IsDeadlineExceeded(*started.result));
  {
    MutexLock lock(mutex);
    go_on = true;
    changed.SignalAll();
  }
  EXPECT_TRUE(Load("m").ok());
  EXPECT_EQ(factory_.loads(), 1);
}

TEST_F(LoaderExplicitTest, RefusesMoreThanMayWait) {
  options_.most_job_bytes = 10;
  ASSERT_TRUE(MakeLoader().LoadAll().ok());
  const absl::Status status = Load("m", {std::string(11, ' '), {}});
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(OverloadOf(status)->reason, "LOADER_BUSY");
}

TEST_F(LoaderExplicitTest, AnswersWhatWaitsWhenItStops) {
  ASSERT_TRUE(MakeLoader().LoadAll().ok());
  loader_->Stop();
  EXPECT_EQ(Load("m").code(), absl::StatusCode::kUnavailable);
}

TEST_F(LoaderExplicitTest, ListsWhatTheRepositoryHoldsAtThatMoment) {
  WriteVersion("b", 1);
  ASSERT_TRUE(MakeLoader().LoadAll().ok());
  WriteVersion("a", 1);
  TestCall call;
  Started<absl::StatusOr<std::vector<std::string>>> names(AwaitNames(call.context, *loader_));
  if (!names.done()) call.loop.WaitAndRun();
  EXPECT_THAT(**names.result, ElementsAre("a", "b"));
}

}  // namespace
}  // namespace tournant
