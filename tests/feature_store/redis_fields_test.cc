#include "feature_store/redis_fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "feast/core/Registry.pb.h"

namespace tournant {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string FieldHex(const char* view, const char* feature) {
  return absl::BytesToHexString(RedisFeatureField(view, feature));
}

TEST(RedisFields, AreTheBytesThatFeastWrites) {
  EXPECT_EQ(FieldHex("feature_view_1", "feature_10"), "266d5f39");
  EXPECT_EQ(FieldHex("feature_view_1", "feature_11"), "c3379abf");
  EXPECT_EQ(FieldHex("feature_view_1", "my-feature-view:feature1"), "5369864a");
  EXPECT_EQ(FieldHex("driver_hourly_stats", "conv_rate"), "6160e3da");
  EXPECT_EQ(FieldHex("driver_profile", "age"), "8c3c52c3");
  EXPECT_EQ(FieldHex("driver_stats_v2", "trips_today"), "e8339fa4");
  EXPECT_EQ(RedisTimeField("driver_stats_v2"), "_ts:driver_stats_v2");
}

// Names that collide, found by trying numbers.
std::pair<std::string, std::string> CollidingFeatures(const std::string& view) {
  std::map<std::string, std::string> names;
  for (int i = 0;; ++i) {
    const std::string name = absl::StrCat("f", i);
    const auto [known, added] = names.emplace(RedisFeatureField(view, name), name);
    if (!added) return {known->second, name};
  }
}

// A registry of one view, keyed by `id`, for each list of features.
absl::Status CheckViews(const std::vector<std::vector<std::string>>& views) {
  feast::core::Registry registry;
  for (size_t i = 0; i < views.size(); ++i) {
    auto* spec = registry.add_feature_views()->mutable_spec();
    spec->set_name(i == 0 ? "v" : absl::StrCat("v", i));
    spec->set_project("p");
    spec->set_online(true);
    auto* key = spec->add_entity_columns();
    key->set_name("id");
    key->set_value_type(feast::types::ValueType::INT64);
    for (const std::string& feature : views[i]) spec->add_features()->set_name(feature);
  }
  const auto parsed = FeatureRegistry::Parse(registry.SerializeAsString(), "p");
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  return CheckRedisFields(**parsed, {});
}

TEST(RedisFields, TwoFeaturesWithOneFieldInOneHashAreRefusedByName) {
  const auto [first, second] = CollidingFeatures("v");
  const absl::Status checked = CheckViews({{first, "other", second}});
  EXPECT_EQ(checked.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(checked.message()),
              AllOf(HasSubstr("'v:" + first + "'"), HasSubstr("'v:" + second + "'")));
  // A field is made of the view's name too.
  EXPECT_TRUE(CheckViews({{first}, {second}}).ok());
}

TEST(RedisFields, OfARealRegistryAreAllDifferent) {
  const auto registry =
      FeatureRegistry::ReadFile(absl::StrCat(TOURNANT_TEST_DATA_DIR, "/registry.db"), "");
  ASSERT_TRUE(registry.ok()) << registry.status();
  EXPECT_TRUE(CheckRedisFields(**registry, {}).ok());
}

}  // namespace
}  // namespace tournant
