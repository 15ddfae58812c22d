#include "pipeline/model_description.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_model.h"
#include "features/bindings.h"
#include "features/feature_plan.h"

namespace tournant {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(ModelDescription, SaysWhatAModelTakesAndGives) {
  ModelRegistry registry;
  auto version = MakeVersion("echo", 2, EchoModel());
  version->config.platform = "pytorch_libtorch";
  version->config.inputs[0].optional = true;
  registry.Publish(version);
  registry.Publish(MakeVersion("echo", 10, EchoModel()));

  const auto served = DescriptionOf(registry, "echo", "");
  ASSERT_TRUE(served.ok()) << served.status();
  EXPECT_EQ(served->name, "echo");
  EXPECT_THAT(served->versions, ElementsAre("2", "10"));

  const auto second = DescriptionOf(registry, "echo", "2");
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_THAT(second->versions, ElementsAre("2"));
  EXPECT_EQ(second->platform, "pytorch_libtorch");
  ASSERT_EQ(second->inputs.size(), 1u);
  EXPECT_EQ(second->inputs[0].name, "x");
  EXPECT_EQ(second->inputs[0].datatype, "FP32");
  EXPECT_EQ(second->inputs[0].shape, Shape({-1, 4}));
  EXPECT_TRUE(second->inputs[0].optional);
  ASSERT_EQ(second->outputs.size(), 1u);
  EXPECT_EQ(second->outputs[0].name, "y");
  EXPECT_FALSE(second->outputs[0].optional);
  EXPECT_THAT(second->properties, IsEmpty());

  EXPECT_EQ(DescriptionOf(registry, "nobody", "").status().code(), absl::StatusCode::kNotFound);
}

TEST(ModelDescription, HasTheRequestTensorsOfAModelWithFeaturesAndWhatMayReplaceThem) {
  auto version = MakeVersion("planes", 1, EchoModel());
  version->config.inputs = {{"x", DataType::kFp32, {1}, false}};
  const auto bindings = ParseBindings("features.pbtxt", R"(
      request { name: "tailnum" data_type: TYPE_STRING dims: 1 }
      entity { join_key: "tailnum" request: "tailnum" data_type: TYPE_STRING }
      input { name: "x" column { feature: "plane:seats" default: 149 } })");
  ASSERT_TRUE(bindings.ok()) << bindings.status();
  auto plan = FeaturePlan::Compile(*bindings, version->config, nullptr, "", {});
  ASSERT_TRUE(plan.ok()) << plan.status();
  version->features = *plan;
  ModelRegistry registry;
  registry.Publish(version);

  const auto described = DescriptionOf(registry, "planes", "");
  ASSERT_TRUE(described.ok()) << described.status();
  ASSERT_EQ(described->inputs.size(), 1u);
  EXPECT_EQ(described->inputs[0].name, "tailnum");
  EXPECT_EQ(described->inputs[0].datatype, "BYTES");
  EXPECT_THAT(described->properties, ::testing::Contains(Pair("override.x", ::testing::_)));
  EXPECT_THAT(described->properties,
              ::testing::Contains(Pair("override.plane:seats", ::testing::_)));
}

}  // namespace
}  // namespace tournant
