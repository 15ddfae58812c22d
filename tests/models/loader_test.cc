#include "models/loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/live_count.h"
#include "models/loader_fixture.h"

namespace tournant {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(LoaderTest, PublishesTheHighestVersionOfEveryModel) {
  WriteVersion("a", 1);
  WriteVersion("b", 2);
  WriteVersion("b", 10);
  ASSERT_TRUE(MakeLoader().LoadAll().ok());
  EXPECT_THAT(States(), ElementsAre("a/1 READY", "b/10 READY"));
  EXPECT_TRUE(registry_.AllReady());

  const ModelHandle version = *registry_.Find("b");
  EXPECT_EQ(version->version, 10);
  EXPECT_EQ(version->model_directory, dir_.path() / "b");
  EXPECT_EQ(version->version_directory, dir_.path() / "b/10");
  EXPECT_EQ(version->config.inputs[0].name, "x");
  EXPECT_EQ(version->config.outputs[0].type, DataType::kFp32);  // Completed by the factory ...
  EXPECT_THAT(version->config.serialized, HasSubstr("pytorch_libtorch"));  // ... and written out.
  EXPECT_EQ(version->model->parameter_bytes(), 12);
}

TEST_F(LoaderTest, RunsTheStepsInOrderBeforePublishing) {
  WriteVersion("m", 1);
  std::vector<std::string> order;
  FunctionStep first([&](ModelVersion& version) {
    EXPECT_NE(version.model, nullptr);
    EXPECT_EQ(registry_.Find("m").status().code(), absl::StatusCode::kUnavailable);
    order.push_back("first");
    return absl::OkStatus();
  });
  FunctionStep second([&](ModelVersion&) {
    order.push_back("second");
    return absl::OkStatus();
  });
  steps_ = {&first, &second};
  ASSERT_TRUE(MakeLoader().LoadAll().ok());
  EXPECT_THAT(order, ElementsAre("first", "second"));
}

TEST_F(LoaderTest, AStepThatRefusesAVersionStopsIt) {
  WriteVersion("m", 1);
  int later = 0;
  FunctionStep first([](ModelVersion&) { return absl::InvalidArgumentError("bad bindings"); });
  FunctionStep second([&](ModelVersion&) {
    ++later;
    return absl::OkStatus();
  });
  steps_ = {&first, &second};
  EXPECT_EQ(MakeLoader().LoadAll().message(), Shown("m/1") + ": bad bindings");
  EXPECT_EQ(later, 0);
  EXPECT_THAT(States(), ElementsAre("m/1 UNAVAILABLE: m/1: bad bindings"));
  EXPECT_EQ(LiveCount::alive(), 0);
}

TEST_F(LoaderTest, EveryLineOfAStepThatReadsAFileBeginsWithThePlaceInThatFile) {
  WriteVersion("m", 1);
  FunctionStep step([](ModelVersion& version) {
    const std::string file = (version.model_directory / "features.pbtxt").native();
    return absl::InvalidArgumentError(file + ":27:12: one\n" + file + ":28:3: two");
  });
  steps_ = {&step};
  EXPECT_EQ(MakeLoader().LoadAll().message(),
            Shown("m/features.pbtxt") + ":27:12: one\n" + Shown("m/features.pbtxt") + ":28:3: two");
  EXPECT_THAT(States(), ElementsAre("m/1 UNAVAILABLE: m/features.pbtxt:27:12: one; "
                                    "m/features.pbtxt:28:3: two"));
}

TEST_F(LoaderTest, ReportsEveryBrokenModelAtStart) {
  WriteVersion("bytes", 1, "broken");
  WriteVersion("config", 1);
  dir_.Write("config/config.pbtxt", "input {\n  dim: 4 }");
  WriteVersion("fine", 1);
  dir_.Write("nofile/config.pbtxt", kConfig);
  dir_.Write("nofile/1/other.pt", "");
  dir_.Write("noconfig/1/model.pt", TorchScriptLikeBytes());
  dir_.Write("noversion/config.pbtxt", kConfig);
  dir_.Write("text/config.pbtxt", kConfig);
  dir_.Write("text/1/model.pt", "no archive");

  const absl::Status status = MakeLoader().LoadAll();
  EXPECT_EQ(
      status.message(),
      Shown("bytes/1/model.pt") + ": the bytes are broken\n" + Shown("config/config.pbtxt") +
          ":2:6: Message type \"inference.ModelInput\" has no field named \"dim\".\n" +
          Shown("noconfig/1/model.pt") + ": config.pbtxt lists no input\n" +
          Shown("nofile/1/model.pt") + ": no such file\n" + Shown("noversion") +
          ": has no version directory (a number above 0, such as 1, that holds the model file)\n" +
          Shown("text/1/model.pt") +
          ": is not a TorchScript archive: it does not begin as a ZIP file; save it with "
          "torch.jit.save");
  EXPECT_TRUE(registry_.Find("fine").ok());
  EXPECT_FALSE(registry_.AllReady());
}

TEST_F(LoaderTest, CallersSeeTheReasonWithoutTheRepositorysPath) {
  WriteVersion("m", 1, "broken");
  EXPECT_FALSE(MakeLoader().LoadAll().ok());
  EXPECT_EQ(registry_.Find("m").status().message(),
            "Request for unknown model: 'm' has no available versions: "
            "version 1: m/1/model.pt: the bytes are broken");
}

TEST_F(LoaderTest, CallersSeeNoPathOfARelativeRepositoryEither) {
  WriteVersion("m", 1, "broken");
  repository_ = std::filesystem::relative(dir_.path()) / "." / "";
  ASSERT_TRUE(repository_.is_relative());
  EXPECT_EQ(MakeLoader().LoadAll().message(), Shown("m/1/model.pt") + ": the bytes are broken");
  EXPECT_THAT(States(), ElementsAre("m/1 UNAVAILABLE: m/1/model.pt: the bytes are broken"));

  child_check_.executable = "/bin/sh";
  child_check_.arguments = {"-c", "echo \"error: ${0#*=}/model.pt: seen\"; exit 2"};
  EXPECT_EQ(MakeLoader().LoadAll().message(), Shown("m/1/model.pt") + ": seen");
  EXPECT_THAT(States(), ElementsAre("m/1 UNAVAILABLE: m/1/model.pt: seen"));
}

TEST_F(LoaderTest, WithoutExitOnErrorABrokenModelIsOnlyUnavailable) {
  WriteVersion("m", 1, "broken");
  EXPECT_TRUE(MakeLoader(/*exit_on_error=*/false).LoadAll().ok());
  EXPECT_EQ(registry_.Find("m").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(LoaderTest, ARepositoryThatCannotBeReadIsAlwaysAnError) {
  dir_.Remove("");
  EXPECT_THAT(std::string(MakeLoader(/*exit_on_error=*/false).LoadAll().message()),
              AllOf(HasSubstr(dir_.path().native()), HasSubstr("No such file or directory")));
}

TEST_F(LoaderTest, AnEmptyRepositoryIsAnErrorAtStart) {
  EXPECT_THAT(std::string(MakeLoader().LoadAll().message()), HasSubstr("holds no model"));
}

TEST_F(LoaderTest, ARescanLoadsNewModelsAndNothingElse) {
  WriteVersion("a", 1);
  ASSERT_TRUE(MakeLoader().LoadAll().ok());
  const ModelHandle before = *registry_.Find("a");
  WriteVersion("b", 1);
  Rescan();
  EXPECT_THAT(States(), ElementsAre("a/1 READY", "b/1 READY"));
  EXPECT_EQ(*registry_.Find("a"), before);
  EXPECT_EQ(factory_.loads(), 2);
}

TEST_F(LoaderTest, ARescanReplacesAVersionByAHigherOne) {
  WriteVersion("m", 1);
  ASSERT_TRUE(MakeLoader().LoadAll().ok());
  WriteVersion("m", 2);
  Rescan();
  EXPECT_THAT(States(), ElementsAre("m/2 READY"));
  EXPECT_EQ(registry_.Find("m", "1").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(LoaderTest, ARescanReloadsWhatHasChanged) {
  WriteVersion("m", 1);
  ASSERT_TRUE(MakeLoader().LoadAll().ok());
  const ModelHandle before = *registry_.Find("m");
  dir_.Write("m/1/features.pbtxt", "");
  Rescan();
  const ModelHandle bindings = *registry_.Find("m");
  EXPECT_NE(bindings, before);
  WriteModelFile("m", 1, "other");
  Rescan();
  EXPECT_NE(*registry_.Find("m"), bindings);
  EXPECT_EQ(factory_.loads(), 3);
}

TEST_F(LoaderTest, ARescanUnloadsWhatIsGone) {
  WriteVersion("a", 1);
  WriteVersion("b", 1);
  WriteVersion("c", 1);
  ASSERT_TRUE(MakeLoader().LoadAll().ok());
  dir_.Remove("b");
  dir_.Remove("c/1");
  Rescan();
  EXPECT_EQ(registry_.Find("b").status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(States(), ElementsAre("a/1 READY", HasSubstr("c/0 UNAVAILABLE: c: has no version")));
  WriteVersion("c", 3);
  Rescan();
  EXPECT_THAT(States(), ElementsAre("a/1 READY", "c/3 READY"));
  loader_->WaitUntilFreed();
  EXPECT_EQ(LiveCount::alive(), 2);
}

TEST_F(LoaderTest, ALowerVersionTakesOverWhenTheHigherOneIsRemoved) {
  WriteVersion("m", 1);
  WriteVersion("m", 2);
  ASSERT_TRUE(MakeLoader().LoadAll().ok());
  dir_.Remove("m/2");
  Rescan();
  EXPECT_THAT(States(), ElementsAre("m/1 READY"));
}

TEST_F(LoaderTest, AFailedReloadKeepsWhatIsServed) {
  WriteVersion("m", 1);
  ASSERT_TRUE(MakeLoader().LoadAll().ok());
  const ModelHandle before = *registry_.Find("m");
  WriteModelFile("m", 1, "broken");
  Rescan();
  EXPECT_EQ(*registry_.Find("m"), before);
  EXPECT_THAT(States(), ElementsAre("m/1 READY: m/1/model.pt: the bytes are broken"));
  WriteModelFile("m", 1, "mended");
  Rescan();
  EXPECT_NE(*registry_.Find("m"), before);
  EXPECT_THAT(States(), ElementsAre("m/1 READY"));
}

TEST_F(LoaderTest, AHigherVersionThatFailsLeavesTheLowerOneServing) {
  WriteVersion("m", 1);
  ASSERT_TRUE(MakeLoader().LoadAll().ok());
  const ModelHandle before = *registry_.Find("m");
  WriteVersion("m", 2, "broken");
  Rescan();
  EXPECT_EQ(*registry_.Find("m"), before);
  EXPECT_THAT(States(),
              ElementsAre("m/1 READY", "m/2 UNAVAILABLE: m/2/model.pt: the bytes are broken"));
  EXPECT_EQ(registry_.Find("m", "2").status().code(), absl::StatusCode::kNotFound);

  WriteVersion("m", 3);
  Rescan();
  EXPECT_THAT(States(), ElementsAre("m/3 READY"));
}

TEST_F(LoaderTest, AFailedVersionThatIsTakenAwayIsForgotten) {
  WriteVersion("m", 1);
  ASSERT_TRUE(MakeLoader().LoadAll().ok());
  dir_.Write("m/2/model.pt", "broken");
  Rescan();
  dir_.Remove("m/2");
  Rescan();
  EXPECT_THAT(States(), ElementsAre("m/1 READY"));
  EXPECT_EQ(factory_.loads(), 1);  // The served one was never touched.
}

TEST_F(LoaderTest, AFailedModelIsTriedAgain) {
  WriteVersion("m", 1);
  bool refuse = true;
  FunctionStep step(
      [&](ModelVersion&) { return refuse ? absl::UnavailableError("not now") : absl::OkStatus(); });
  steps_ = {&step};
  EXPECT_FALSE(MakeLoader().LoadAll().ok());
  refuse = false;
  Rescan();
  EXPECT_THAT(States(), ElementsAre("m/1 READY"));
}

TEST_F(LoaderTest, ARepositoryThatVanishesChangesNothing) {
  WriteVersion("m", 1);
  ASSERT_TRUE(MakeLoader().LoadAll().ok());
  std::filesystem::rename(dir_.path(), dir_.path().native() + ".away");
  Rescan();
  EXPECT_TRUE(registry_.Find("m").ok());
  std::filesystem::rename(dir_.path().native() + ".away", dir_.path());
}

TEST_F(LoaderTest, TheLoaderFreesAReplacedVersionAfterItsLastCall) {
  WriteVersion("m", 1);
  ASSERT_TRUE(MakeLoader().LoadAll().ok());
  ModelHandle call = *registry_.Find("m");
  WriteVersion("m", 2);
  Rescan();
  EXPECT_EQ(LiveCount::alive(), 2);
  EXPECT_THAT(factory_.freed_by(), IsEmpty());
  call.reset();
  loader_->WaitUntilFreed();
  EXPECT_EQ(LiveCount::alive(), 1);
  ASSERT_EQ(factory_.freed_by().size(), 1);
  EXPECT_NE(factory_.freed_by()[0], std::this_thread::get_id());
}

TEST_F(LoaderTest, StopsWhileACallStillHoldsAReplacedVersion) {
  WriteVersion("m", 1);
  ASSERT_TRUE(MakeLoader().LoadAll().ok());
  const ModelHandle call = *registry_.Find("m");
  WriteVersion("m", 2);
  Rescan();
  loader_->Stop();
  loader_->Stop();
  EXPECT_EQ(call->version, 1);
}

TEST_F(LoaderTest, WithoutAStartStopEndsAtOnce) {
  MakeLoader().Stop();
  EXPECT_EQ(loader_->LoadAll().code(), absl::StatusCode::kCancelled);
}

TEST_F(LoaderTest, ADryRunThatFailsKeepsTheModelOutOfTheProcess) {
  WriteVersion("m", 1);
  child_check_.executable = "/bin/sh";
  child_check_.arguments = {"-c", "echo \"error: seen $0\"; exit 2"};
  EXPECT_EQ(MakeLoader().LoadAll().message(), "seen --check_model=" + Shown("m/1"));
  EXPECT_EQ(factory_.loads(), 0);
}

TEST_F(LoaderTest, ADryRunThatSucceedsIsFollowedByTheLoad) {
  WriteVersion("m", 1);
  child_check_.executable = "/bin/true";
  EXPECT_TRUE(MakeLoader().LoadAll().ok());
  EXPECT_TRUE(registry_.Find("m").ok());
}

}  // namespace
}  // namespace tournant
