#include "pipeline/record_layout.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "fakes/fake_model.h"
#include "features/bindings.h"
#include "features/feature_plan.h"

namespace tournant {
namespace {

TEST(RecordLayout, TellsWhereEachFeatureLies) {
  constexpr char kText[] = R"(
      request { name: "tail" data_type: TYPE_STRING dims: 1 }
      request { name: "km" data_type: TYPE_FP32 dims: 1 }
      entity { join_key: "plane" request: "tail" data_type: TYPE_STRING }
      input { name: "dense"
        column { feature: "p:seats" default: 1 indicator: true }
        column { request: "km" }
        column { feature: "p:sizes" width: 2 default: [1, 2] }
        column { age_seconds: "p:seats" default: 0 } })";
  const auto version = MakeVersion("m", 1, EchoModel());
  version->config.inputs = {{"raw", DataType::kFp32, {1}, false},
                            {"dense", DataType::kFp32, {6}, false}};
  const auto bindings = ParseBindings("features.pbtxt", kText);
  ASSERT_TRUE(bindings.ok()) << bindings.status();
  auto plan = FeaturePlan::Compile(*bindings, version->config, nullptr, "", {});
  ASSERT_TRUE(plan.ok()) << plan.status();
  version->features = *plan;

  const FeatureLayout layout = RecordLayout(*version);
  ASSERT_EQ(layout.inputs.size(), 2u);
  EXPECT_EQ(layout.inputs[0].width, 0u) << "taken as it is sent";
  EXPECT_EQ(layout.inputs[1].name, "dense");
  EXPECT_EQ(layout.inputs[1].width, 6u);
  ASSERT_EQ(layout.columns.size(), 3u);
  EXPECT_EQ(layout.columns[0].feature, "p:seats");
  EXPECT_EQ(layout.columns[0].offset, 0u);
  EXPECT_EQ(layout.columns[1].feature, "p:sizes");
  EXPECT_EQ(layout.columns[1].offset, 3u) << "behind the indicator and the request's column";
  EXPECT_EQ(layout.columns[1].width, 2u);
  EXPECT_TRUE(layout.columns[2].age_seconds);
  EXPECT_EQ(layout.columns[2].offset, 5u);
  EXPECT_EQ(layout.columns[2].input, 1u);
  ASSERT_EQ(layout.keys.size(), 1u);
  EXPECT_EQ(layout.keys[0].join_key, "plane");
  EXPECT_EQ(layout.keys[0].request, "tail");
  EXPECT_EQ(layout.bindings.size(), 16u);
}

TEST(RecordLayout, TellsBindingsApart) {
  std::set<std::string> seen;
  for (const char* text : {"", "# Another.", "#  Another."}) {
    const auto version = MakeVersion("m", 1, EchoModel());
    const auto bindings = ParseBindings("features.pbtxt", text);
    ASSERT_TRUE(bindings.ok()) << bindings.status();
    const auto plan = FeaturePlan::Compile(*bindings, version->config, nullptr, "", {});
    ASSERT_TRUE(plan.ok()) << plan.status();
    version->features = *plan;
    seen.insert(RecordLayout(*version).bindings);
  }
  EXPECT_EQ(seen.size(), 3u);
}

TEST(RecordLayout, IsEmptyForAModelWithoutBindings) {
  const FeatureLayout layout = RecordLayout(*MakeVersion("m", 1, EchoModel()));
  EXPECT_TRUE(layout.inputs.empty());
  EXPECT_TRUE(layout.columns.empty());
}

}  // namespace
}  // namespace tournant
