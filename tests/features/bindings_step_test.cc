#include "features/bindings_step.h"

#include "features/feature_plan.h"
#include "features/testing.h"
#include "gtest/gtest.h"

namespace tournant {
namespace {

constexpr char kRequestOnly[] =
    "request { name: \"d\" data_type: TYPE_INT64 dims: 1 }\n"
    "input { name: \"x\" column { request: \"d\" } }\n";
constexpr char kWithFeature[] = "input { name: \"x\" column { feature: \"v:f\" default: 0 } }";

class BindingsStepTest : public ::testing::Test {
 protected:
  BindingsStepTest() {
    folder_.Write("m/1/model.pt", "");
    version_.model_directory = folder_.path() / "m";
    version_.version_directory = folder_.path() / "m/1";
    version_.config = Config({{"x", DataType::kFp32, {1}}});
  }

  TempDir folder_;
  ModelVersion version_;
  BindingsStep step_{false, nullptr, {}};
};

TEST_F(BindingsStepTest, WithoutAFileCallersSendTheModelsTensors) {
  ASSERT_TRUE(step_.Prepare(version_).ok());
  EXPECT_EQ(version_.features, nullptr);
}

TEST_F(BindingsStepTest, ReadsTheFileBesideTheConfig) {
  folder_.Write("m/features.pbtxt", kRequestOnly);
  ASSERT_TRUE(step_.Prepare(version_).ok());
  ASSERT_NE(version_.features, nullptr);
  EXPECT_EQ(version_.features->request_tensors()[0].name, "d");
}

TEST_F(BindingsStepTest, TheVersionsOwnFileAndVocabularyWin) {
  folder_.Write("m/features.pbtxt", "broken");
  folder_.Write("m/1/features.pbtxt",
                "request { name: \"e\" data_type: TYPE_STRING dims: 1 }\n"
                "input { name: \"x\" column { request: \"e\" vocabulary: \"v.txt\" } }\n");
  folder_.Write("m/1/v.txt", "a\nb\n");
  version_.config = Config({{"x", DataType::kInt64, {1}}});
  const absl::Status prepared = step_.Prepare(version_);
  ASSERT_TRUE(prepared.ok()) << prepared;
  EXPECT_EQ(version_.features->inputs()[0].columns[0].vocabulary->size(), 2);
}

TEST_F(BindingsStepTest, FeaturesNeedAFeatureStore) {
  folder_.Write("m/features.pbtxt", kWithFeature);
  EXPECT_EQ(step_.Prepare(version_).message(),
            (folder_.path() / "m/features.pbtxt").string() +
                ":1:28: feature 'v:f' needs a feature store, and --feature_store is none");
  EXPECT_EQ(version_.features, nullptr);
  BindingsStep with_store(true, nullptr, {});
  EXPECT_TRUE(with_store.Prepare(version_).ok());
}

TEST_F(BindingsStepTest, ChecksAgainstTheRegistryOfTheMoment) {
  folder_.Write("m/features.pbtxt", kWithFeature);
  std::shared_ptr<const FeatureRegistry> current;
  BindingsStep step(true, [&] { return current; }, {});
  EXPECT_TRUE(step.Prepare(version_).ok());
  current = FlightsRegistry();
  EXPECT_EQ(step.Prepare(version_).message(), (folder_.path() / "m/features.pbtxt").string() +
                                                  ":1:28: the feature registry has no view 'v'");
  EXPECT_EQ(version_.features, nullptr);
}

TEST_F(BindingsStepTest, RefusesAFileThatIsNone) {
  folder_.Write("m/features.pbtxt/inside", "");
  EXPECT_EQ(step_.Prepare(version_).message(),
            (folder_.path() / "m/features.pbtxt").string() + ": is no regular file");
}

TEST_F(BindingsStepTest, RefusesAFileThatIsFarTooLarge) {
  folder_.Write("m/features.pbtxt", std::string((4 << 20) + 1, '#'));
  EXPECT_EQ(step_.Prepare(version_).message(),
            (folder_.path() / "m/features.pbtxt").string() + ": is larger than 4194304 bytes");
}

}  // namespace
}  // namespace tournant
