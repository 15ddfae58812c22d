// Which versions are served, and what a change of one means for the others.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/live_count.h"
#include "models/loader_fixture.h"

namespace tournant {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using VersionPolicyTest = LoaderTest;

TEST_F(VersionPolicyTest, SeveralVersionsAreServedAtOnce) {
  WriteConfig("m", "version_policy { all {} }");
  for (const int version : {1, 2, 10}) WriteModelFile("m", version, "fine");
  ASSERT_TRUE(MakeLoader().LoadAll().ok());
  EXPECT_THAT(States(), ElementsAre("m/1 READY", "m/2 READY", "m/10 READY"));
  EXPECT_EQ((*registry_.Find("m"))->version, 10);
  EXPECT_EQ((*registry_.Find("m", "2"))->version, 2);
}

TEST_F(VersionPolicyTest, AVersionThatIsAddedOrChangedOrRemovedLeavesTheOthersAlone) {
  WriteConfig("m", "version_policy { all {} }");
  WriteModelFile("m", 1, "fine");
  WriteModelFile("m", 2, "fine");
  ASSERT_TRUE(MakeLoader().LoadAll().ok());
  const ModelHandle first = *registry_.Find("m", "1");
  WriteModelFile("m", 3, "fine");
  Rescan();
  EXPECT_EQ(factory_.loads(), 3);
  WriteModelFile("m", 2, "other");
  Rescan();
  EXPECT_EQ(factory_.loads(), 4);
  dir_.Remove("m/3");
  Rescan();
  EXPECT_EQ(factory_.loads(), 4);
  EXPECT_THAT(States(), ElementsAre("m/1 READY", "m/2 READY"));
  EXPECT_EQ((*registry_.Find("m"))->version, 2);
  EXPECT_EQ(*registry_.Find("m", "1"), first);
}

TEST_F(VersionPolicyTest, ABrokenVersionLeavesTheOthersServing) {
  WriteConfig("m", "version_policy { all {} }");
  WriteModelFile("m", 1, "fine");
  WriteModelFile("m", 2, "broken");
  WriteModelFile("m", 3, "fine");
  EXPECT_EQ(MakeLoader().LoadAll().message(), Shown("m/2/model.pt") + ": the bytes are broken");
  EXPECT_THAT(
      States(),
      ElementsAre("m/1 READY", "m/2 UNAVAILABLE: m/2/model.pt: the bytes are broken", "m/3 READY"));
}

TEST_F(VersionPolicyTest, AChangedConfigConcernsEveryVersionAndChoosesAnew) {
  WriteConfig("m", "version_policy { specific { versions: [1, 2] } }");
  for (const int version : {1, 2, 3}) WriteModelFile("m", version, "fine");
  ASSERT_TRUE(MakeLoader().LoadAll().ok());
  EXPECT_THAT(States(), ElementsAre("m/1 READY", "m/2 READY"));
  WriteConfig("m", "version_policy { latest { num_versions: 2 } }");
  Rescan();
  EXPECT_THAT(States(), ElementsAre("m/2 READY", "m/3 READY"));
  EXPECT_EQ(factory_.loads(), 4);
  loader_->WaitUntilFreed();
  EXPECT_EQ(LiveCount::alive(), 2);
}

TEST_F(VersionPolicyTest, AConfigThatCannotBeReadKeepsWhatIsServedAndSaysWhy) {
  WriteConfig("m", "version_policy { all {} }");
  WriteModelFile("m", 1, "fine");
  WriteModelFile("m", 2, "fine");
  ASSERT_TRUE(MakeLoader().LoadAll().ok());
  WriteConfig("m", "nonsense");
  Rescan();
  EXPECT_THAT(States(), ElementsAre(HasSubstr("m/1 READY: m/config.pbtxt:3:"),
                                    HasSubstr("m/2 READY: m/config.pbtxt:3:")));
  WriteConfig("m", "version_policy { all {} }");
  Rescan();
  EXPECT_THAT(States(), ElementsAre("m/1 READY", "m/2 READY"));
}

TEST_F(VersionPolicyTest, TheLastVersionStaysWhenItsSuccessorDoesNotLoad) {
  WriteVersion("m", 1);
  ASSERT_TRUE(MakeLoader().LoadAll().ok());
  dir_.Remove("m/1");
  WriteVersion("m", 2, "broken");
  Rescan();
  EXPECT_THAT(States(),
              ElementsAre("m/1 READY", "m/2 UNAVAILABLE: m/2/model.pt: the bytes are broken"));
  WriteVersion("m", 2, "fine");
  Rescan();
  EXPECT_THAT(States(), ElementsAre("m/2 READY"));
}

TEST_F(VersionPolicyTest, NoneOfTheNamedVersionsIsAnErrorOfTheModel) {
  WriteConfig("m", "version_policy { specific { versions: 7 } }");
  WriteModelFile("m", 1, "fine");
  EXPECT_THAT(std::string(MakeLoader().LoadAll().message()),
              HasSubstr(Shown("m") + ": none of the versions that version_policy names (7)"));
}

TEST_F(VersionPolicyTest, TheModelFileMayHaveAnyName) {
  WriteConfig("m", "default_model_filename: \"delay.pt\"");
  dir_.Write("m/1/delay.pt", TorchScriptLikeBytes("fine"));
  ASSERT_TRUE(MakeLoader().LoadAll().ok());
  EXPECT_THAT(States(), ElementsAre("m/1 READY"));
}

TEST_F(VersionPolicyTest, ADirectoryWithANameIsAModel) {
  options_.model_name = "named";
  dir_.Write("config.pbtxt", kConfig);
  dir_.Write("model.pt", TorchScriptLikeBytes("fine"));
  ASSERT_TRUE(MakeLoader().LoadAll().ok());
  EXPECT_THAT(States(), ElementsAre("named/1 READY"));
  EXPECT_EQ((*registry_.Find("named"))->version_directory, dir_.path());
  dir_.Write("model.pt", TorchScriptLikeBytes("broken"));
  Rescan();
  EXPECT_THAT(States(), ElementsAre("named/1 READY: named/model.pt: the bytes are broken"));
}

TEST_F(VersionPolicyTest, TheDryRunIsToldTheNameWhereTheDirectoryDoesNotHaveIt) {
  options_.model_name = "named";
  dir_.Write("config.pbtxt", kConfig);
  dir_.Write("2/model.pt", TorchScriptLikeBytes("fine"));
  child_check_.executable = "/bin/sh";
  child_check_.arguments = {"-c", "echo \"error: $0 $*\"; exit 2"};
  EXPECT_EQ(MakeLoader().LoadAll().message(),
            "--check_model=" + Shown("2") + " --model_name=named");
}

TEST_F(VersionPolicyTest, AHundredReloadsLeaveNothingBehind) {
  WriteVersion("m", 1);
  ASSERT_TRUE(MakeLoader().LoadAll().ok());
  for (int round = 2; round <= 101; ++round) {
    WriteVersion("m", round);
    dir_.Remove(absl::StrCat("m/", round - 1));
    if (round % 10 == 0) {
      WriteVersion("m", round + 1000, "broken");
      Rescan();
      dir_.Remove(absl::StrCat("m/", round + 1000));
    }
    Rescan();
    loader_->WaitUntilFreed();
    // What a lookup can visit and what is in memory are the same as after the first.
    EXPECT_THAT(States(), ElementsAre(absl::StrCat("m/", round, " READY")));
    EXPECT_EQ(LiveCount::alive(), 1);
  }
}

}  // namespace
}  // namespace tournant
