#include "models/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "base/triton_code.h"

namespace tournant {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

ModelHandle Version(const std::string& name, int64_t number) {
  auto version = std::make_shared<ModelVersion>();
  version->name = name;
  version->version = number;
  return version;
}

std::vector<std::string> Lines(const ModelRegistry& registry) {
  std::vector<std::string> lines;
  for (const VersionStatus& status : registry.List()) {
    lines.push_back(status.model + "/" + std::to_string(status.version) + " " +
                    std::string(VersionStateName(status.state)) +
                    (status.reason.empty() ? "" : ": " + status.reason));
  }
  return lines;
}

TEST(ModelRegistry, AnUnknownModelOrVersionIsNotFound) {
  ModelRegistry registry;
  EXPECT_EQ(registry.Find("m").status(),
            absl::NotFoundError("Request for unknown model: 'm' is not found"));
  registry.Publish(Version("m", 1));
  EXPECT_EQ(registry.Find("m", "9").status(),
            absl::NotFoundError("Request for unknown model: 'm' version 9 is not found"));
  EXPECT_EQ(registry.Find("M").status().code(), absl::StatusCode::kNotFound);
}

TEST(ModelRegistry, NamesInMessagesAreEscapedAndCut) {
  ModelRegistry registry;
  EXPECT_EQ(registry.Find("a\nb").status().message(),
            "Request for unknown model: 'a\\nb' is not found");
  EXPECT_LT(registry.Find(std::string(100'000, 'x')).status().message().size(), 200);
}

TEST(ModelRegistry, ServesTheHighestReadyVersionOrTheOneAskedFor) {
  ModelRegistry registry;
  registry.Publish(Version("m", 9));
  registry.Publish(Version("m", 10));
  registry.MarkLoading("m", 11);
  EXPECT_EQ((*registry.Find("m"))->version, 10);
  EXPECT_EQ((*registry.Find("m", "9"))->version, 9);
  EXPECT_THAT(registry.ReadyVersions("m"), ElementsAre(9, 10));
  EXPECT_THAT(registry.ReadyVersions("other"), IsEmpty());
}

TEST(ModelRegistry, AVersionIsACanonicalDecimalAboveZero) {
  ModelRegistry registry;
  registry.Publish(Version("m", 1));
  const auto refused = [&](const char* version) {
    const absl::Status status = registry.Find("m", version).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << version;
    EXPECT_EQ(FieldOf(status), "model_version");
    return std::string(status.message());
  };
  for (const char* version : {"0", "01", "+1", "-1", " 1"}) {
    EXPECT_THAT(refused(version), HasSubstr("invalid model version specified"));
  }
  for (const char* version : {"1.5", "1a", "latest", "99999999999999999999"}) {
    EXPECT_THAT(refused(version),
                HasSubstr("failed to get model version from specified version string"));
  }
}

TEST(ModelRegistry, AVersionThatLoadsIsUnavailable) {
  ModelRegistry registry;
  registry.MarkLoading("m", 1);
  const absl::Status any = registry.Find("m").status();
  EXPECT_EQ(any.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(any.message(),
            "Request for unknown model: 'm' has no available versions: version 1 is loading");
  EXPECT_EQ(TritonCodeOf(any), absl::StatusCode::kNotFound);
  const absl::Status one = registry.Find("m", "1").status();
  EXPECT_EQ(one.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(one.message(),
            "Request for unknown model: 'm' version 1 is not at ready state: version 1 is loading");
  EXPECT_EQ(TritonCodeOf(one), absl::StatusCode::kUnavailable);
  EXPECT_FALSE(registry.AllReady());
}

TEST(ModelRegistry, AVersionThatFailedIsNotFoundAndSaysWhy) {
  ModelRegistry registry;
  registry.MarkLoading("m", 1);
  registry.MarkFailed("m", 1, "no such file");
  const absl::Status any = registry.Find("m").status();
  EXPECT_EQ(any.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(any.message(),
            "Request for unknown model: 'm' has no available versions: version 1: no such file");
  const absl::Status one = registry.Find("m", "1").status();
  EXPECT_EQ(one.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(one.message(),
            "Request for unknown model: 'm' version 1 is not at ready state: version 1: no such "
            "file");
  EXPECT_EQ(TritonCodeOf(one), absl::StatusCode::kUnavailable);
  EXPECT_THAT(Lines(registry), ElementsAre("m/1 UNAVAILABLE: no such file"));
}

TEST(ModelRegistry, AModelIsUnavailableWhileAnyVersionOfItLoads) {
  ModelRegistry registry;
  registry.MarkLoading("m", 1);
  registry.MarkLoading("m", 2);
  registry.MarkFailed("m", 2, "no such file");
  EXPECT_EQ(registry.Find("m").status().code(), absl::StatusCode::kUnavailable);
}

TEST(ModelRegistry, KnowsWhatDoesNotServeToo) {
  ModelRegistry registry;
  registry.MarkLoading("m", 1);
  registry.MarkFailed("m", 1, "no such file");
  EXPECT_TRUE(registry.Knows("m"));
  EXPECT_TRUE(registry.Knows("m", "1"));
  EXPECT_FALSE(registry.Knows("m", "2"));
  EXPECT_FALSE(registry.Knows("m", "x"));
  EXPECT_FALSE(registry.Knows("n"));
}

TEST(ModelRegistry, AFailedReloadKeepsWhatIsServedAndNotesTheReason) {
  ModelRegistry registry;
  registry.Publish(Version("m", 1));
  registry.MarkLoading("m", 1);
  EXPECT_TRUE(registry.Find("m").ok());
  registry.MarkFailed("m", 1, "broken");
  EXPECT_TRUE(registry.Find("m", "1").ok());
  EXPECT_TRUE(registry.AllReady());
  EXPECT_THAT(Lines(registry), ElementsAre("m/1 READY: broken"));
  registry.Publish(Version("m", 1));
  EXPECT_THAT(Lines(registry), ElementsAre("m/1 READY"));
}

TEST(ModelRegistry, PublishAndRemoveHandBackWhatWasServed) {
  ModelRegistry registry;
  const ModelHandle first = Version("m", 1);
  const ModelHandle second = Version("m", 1);
  EXPECT_EQ(registry.Publish(first), nullptr);
  EXPECT_EQ(registry.Publish(second), first);
  EXPECT_EQ(registry.Remove("m", 1), second);
  EXPECT_EQ(registry.Remove("m", 1), nullptr);
  EXPECT_EQ(registry.Find("m").status().code(), absl::StatusCode::kNotFound);
}

TEST(ModelRegistry, IsReadyOnceEveryModelHasAReadyVersion) {
  ModelRegistry registry;
  EXPECT_FALSE(registry.AllReady());
  registry.Publish(Version("a", 1));
  EXPECT_TRUE(registry.AllReady());
  registry.MarkFailed("b", 2, "broken");
  EXPECT_FALSE(registry.AllReady());
  registry.Publish(Version("b", 1));
  EXPECT_TRUE(registry.AllReady());
}

TEST(ModelRegistry, AnUnloadedVersionStaysKnownAndIsNotMissed) {
  ModelRegistry registry;
  const ModelHandle served = Version("m", 1);
  registry.Publish(served);
  registry.Publish(Version("n", 1));
  EXPECT_EQ(registry.StartUnload("m", 1), served);
  EXPECT_THAT(Lines(registry), ElementsAre("m/1 UNLOADING", "n/1 READY"));
  EXPECT_EQ(registry.Find("m").status().code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(registry.AllReady());
  registry.FinishUnload("m", 1);
  EXPECT_THAT(Lines(registry), ElementsAre("m/1 UNAVAILABLE: unloaded", "n/1 READY"));
  EXPECT_EQ(registry.Find("m").status().message(),
            "Request for unknown model: 'm' has no available versions: version 1: unloaded");
  EXPECT_TRUE(registry.AllReady());
  registry.ForgetUnloaded("m");
  registry.ForgetUnloaded("n");
  EXPECT_THAT(Lines(registry), ElementsAre("n/1 READY"));
}

TEST(ModelRegistry, AVersionThatIsWantedAgainIsNotMarkedAsUnloaded) {
  ModelRegistry registry;
  registry.Publish(Version("m", 1));
  registry.StartUnload("m", 1);
  registry.MarkLoading("m", 1);
  registry.FinishUnload("m", 1);
  EXPECT_THAT(Lines(registry), ElementsAre("m/1 LOADING"));
}

TEST(ModelRegistry, AnUnloadedModelAloneIsReadyOnlyWhereModelsComeOnDemand) {
  ModelRegistry registry;
  registry.Publish(Version("m", 1));
  registry.StartUnload("m", 1);
  EXPECT_FALSE(registry.AllReady());
  registry.EndStart(/*on_demand=*/true);
  EXPECT_TRUE(registry.AllReady());
}

TEST(ModelRegistry, AfterTheStartAModelThatComesDoesNotMakeTheOthersUnready) {
  ModelRegistry registry;
  registry.Publish(Version("m", 1));
  registry.MarkLoading("n", 1);
  EXPECT_FALSE(registry.AllReady());
  registry.EndStart(/*on_demand=*/false);
  EXPECT_TRUE(registry.AllReady());
  registry.MarkFailed("n", 1, "broken");
  EXPECT_FALSE(registry.AllReady());
}

TEST(ModelRegistry, OnDemandOnlyModelsOfTheStartAreMissed) {
  ModelRegistry registry;
  registry.MarkFailed("early", 1, "broken");
  registry.EndStart(/*on_demand=*/true);
  EXPECT_FALSE(registry.AllReady());
  registry.Remove("early", 1);
  EXPECT_TRUE(registry.AllReady());
  registry.MarkFailed("late", 1, "broken");
  EXPECT_TRUE(registry.AllReady());
}

TEST(ModelRegistry, TheHighestReadyVersionFollowsWhatComesAndGoes) {
  ModelRegistry registry;
  registry.Publish(Version("m", 2));
  registry.Publish(Version("m", 1));
  EXPECT_EQ((*registry.Find("m"))->version, 2);
  registry.Publish(Version("m", 3));
  registry.MarkFailed("m", 4, "broken");
  EXPECT_EQ((*registry.Find("m"))->version, 3);
  registry.StartUnload("m", 3);
  EXPECT_EQ((*registry.Find("m"))->version, 2);
  registry.Remove("m", 2);
  EXPECT_EQ((*registry.Find("m"))->version, 1);
  registry.Remove("m", 1);
  EXPECT_FALSE(registry.Find("m").ok());
}

TEST(ModelRegistry, ListsByNameAndThenByNumber) {
  ModelRegistry registry;
  registry.Publish(Version("b", 10));
  registry.Publish(Version("b", 9));
  registry.Publish(Version("a", 2));
  EXPECT_THAT(Lines(registry), ElementsAre("a/2 READY", "b/9 READY", "b/10 READY"));
}

}  // namespace
}  // namespace tournant
