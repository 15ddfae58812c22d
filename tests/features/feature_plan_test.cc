#include "features/feature_plan.h"

#include "absl/strings/str_cat.h"
#include "features/feature_caches.h"
#include "features/testing.h"
#include "gtest/gtest.h"

namespace tournant {
namespace {

// The example of the design, over the conformance registry.
constexpr char kFlights[] = R"(request { name: "tailnum"  data_type: TYPE_STRING  dims: 1 }
request { name: "carrier"  data_type: TYPE_STRING  dims: 1 }
request { name: "distance" data_type: TYPE_FP32    dims: 1  optional: true }
entity  { join_key: "tailnum"  request: "tailnum" }
input {
  name: "dense"
  column { request: "distance"  default: 1040 }
  column { feature: "plane_facts:seats"  default: 149  indicator: true }
  column { feature: "plane_delay:mean_arr_delay"  max_age { seconds: 604800 }  default: 6.9 }
}
input { name: "carrier_id"  column { request: "carrier"  vocabulary: "carriers.txt" } }
)";

// Keys of a view of airports by the hour, and of one of planes.
constexpr char kHoursAndPlanes[] = R"(
request { name: "o" data_type: TYPE_STRING dims: 1 }
request { name: "h" data_type: TYPE_INT32 dims: 1 }
request { name: "t" data_type: TYPE_STRING dims: 1 }
entity { join_key: "origin" request: "o" }
entity { join_key: "hour_utc" request: "h" }
entity { join_key: "tailnum" request: "t" }
)";

ModelConfig FlightsConfig() {
  return Config({{"dense", DataType::kFp32, {4}},
                 {"carrier_id", DataType::kInt64, {1}},
                 {"extra", DataType::kFp32, {2, 3}}});
}

std::vector<std::string> Names(const std::vector<TensorSpec>& specs) {
  std::vector<std::string> names;
  for (const TensorSpec& spec : specs) names.push_back(spec.name);
  return names;
}

class FeaturePlanTest : public ::testing::Test {
 protected:
  FeaturePlanTest() { folder_.Write("carriers.txt", "AA\nUA\n"); }

  std::shared_ptr<const FeaturePlan> Flights() {
    return MustCompile(kFlights, FlightsConfig(), FlightsRegistry().get(), folder_.path());
  }

  TempDir folder_;
};

TEST_F(FeaturePlanTest, ListsWhatACallerSendsAndThenTheInputsThatAreNotBound) {
  const auto plan = Flights();
  EXPECT_EQ(Names(plan->request_tensors()),
            (std::vector<std::string>{"tailnum", "carrier", "distance", "extra"}));
  EXPECT_EQ(plan->request_tensors()[0].type, DataType::kBytes);
  EXPECT_EQ(plan->request_tensors()[0].dims, std::vector<int64_t>{1});
  EXPECT_TRUE(plan->request_tensors()[2].optional);
  EXPECT_EQ(plan->request_tensors()[3].dims, (std::vector<int64_t>{2, 3}));
}

TEST_F(FeaturePlanTest, ListsFeaturesAndAssembledInputsAsOverrides) {
  const auto plan = Flights();
  EXPECT_EQ(Names(plan->overrides()),
            (std::vector<std::string>{"plane_facts:seats", "plane_delay:mean_arr_delay", "dense",
                                      "carrier_id"}));
  EXPECT_EQ(plan->overrides()[0].type, DataType::kFp32);
  EXPECT_EQ(plan->overrides()[0].dims, std::vector<int64_t>{1});
  EXPECT_EQ(plan->overrides()[2].dims, std::vector<int64_t>{4});
  EXPECT_EQ(plan->overrides()[3].type, DataType::kInt64);
}

TEST_F(FeaturePlanTest, SortsRefsAndTakesTheKeysTypeFromTheRegistry) {
  const auto plan = Flights();
  ASSERT_EQ(plan->fetch().features.size(), 2u);
  EXPECT_EQ(plan->fetch().features[0].ref, "plane_delay:mean_arr_delay");
  EXPECT_EQ(plan->fetch().features[1].ref, "plane_facts:seats");
  ASSERT_EQ(plan->fetch().keys.size(), 1u);
  EXPECT_EQ(plan->fetch().keys[0].name, "tailnum");
  EXPECT_EQ(plan->fetch().keys[0].type, ValueType::kString);
  EXPECT_EQ(plan->fetch().keys[0].request, 0u);
  EXPECT_EQ(plan->cells_per_row(), 2);
}

TEST_F(FeaturePlanTest, AViewNeedsItsOwnKeysOnly) {
  const auto plan = MustCompile(absl::StrCat(kHoursAndPlanes, R"(
input { name: "x"
  column { feature: "origin_weather:temp" default: 0 }
  column { feature: "plane_facts:seats" default: 0 }
  column { feature: "network_totals:flights_total" default: 0 } }
)"),
                                Config({{"x", DataType::kFp64, {3}}}), FlightsRegistry().get());
  const FetchPlan& fetch = plan->fetch();
  ASSERT_EQ(fetch.keys.size(), 4u);
  EXPECT_EQ(fetch.keys[0].name, "__dummy_id");  // For the view without entities.
  EXPECT_EQ(fetch.keys[0].request, std::nullopt);
  EXPECT_EQ(fetch.keys[1].name, "hour_utc");
  EXPECT_EQ(fetch.keys[1].type, ValueType::kInt64);  // Though the caller sends INT32.
  EXPECT_EQ(fetch.features[0].ref, "network_totals:flights_total");
  EXPECT_EQ(fetch.features[0].keys, std::vector<size_t>{0});
  EXPECT_EQ(fetch.features[1].keys, (std::vector<size_t>{1, 2}));
  EXPECT_EQ(fetch.features[2].keys, std::vector<size_t>{3});
}

TEST_F(FeaturePlanTest, AServiceNeedsTheKeysOfAllItsViewsUnderTheirAliases) {
  const std::string requests = R"(
request { name: "tail" data_type: TYPE_STRING dims: 1 }
request { name: "from" data_type: TYPE_STRING dims: 1 }
request { name: "to" data_type: TYPE_STRING dims: 1 }
request { name: "hour" data_type: TYPE_INT64 dims: 1 }
request { name: "airline" data_type: TYPE_STRING dims: 1 }
feature_service: "delay_model_v1"
entity { join_key: "tailnum" request: "tail" }
entity { join_key: "origin" request: "from" }
entity { join_key: "hour_utc" request: "hour" }
entity { join_key: "carrier" request: "airline" }
input { name: "x" column { feature: "dest_airport:lat" default: 40 } }
)";
  const ModelConfig config = Config({{"x", DataType::kFp32, {1}}});
  const auto without = CompileText(requests, config, FlightsRegistry().get());
  EXPECT_EQ(without.status().message(),
            "f.pbtxt:12:28: view 'airport_geo' needs the join key 'dest': add entity { join_key: "
            "\"dest\" request: ... }");
  const auto plan = MustCompile(requests + "entity { join_key: \"dest\" request: \"to\" }", config,
                                FlightsRegistry().get());
  ASSERT_NE(plan, nullptr);
  EXPECT_EQ(plan->fetch().feature_service, "delay_model_v1");
  EXPECT_EQ(plan->fetch().features[0].keys.size(), 5u);
}

TEST_F(FeaturePlanTest, WithoutARegistryTheBindingsAreBelieved) {
  const auto plan = MustCompile(R"(
request { name: "id" data_type: TYPE_INT64 dims: 1 }
entity { join_key: "user" request: "id" data_type: TYPE_INT32 }
input { name: "x" column { feature: "any:thing" default: 0 } }
)",
                                Config({{"x", DataType::kFp32, {1}}}));
  EXPECT_EQ(plan->fetch().keys[0].type, ValueType::kInt32);
  EXPECT_EQ(plan->fetch().features[0].keys, std::vector<size_t>{0});
}

TEST_F(FeaturePlanTest, WithoutEntitiesTheKeyOfEntitylessViewsIsSent) {
  const auto plan = MustCompile("input { name: \"x\" column { feature: \"a:b\" default: 0 } }",
                                Config({{"x", DataType::kFp32, {1}}}));
  ASSERT_EQ(plan->fetch().keys.size(), 1u);
  EXPECT_EQ(plan->fetch().keys[0].name, "__dummy_id");
}

TEST_F(FeaturePlanTest, AnOpenDimensionTakesTheWidthOfTheColumns) {
  const auto plan =
      MustCompile("input { name: \"x\" column { feature: \"a:b\" width: 6 default: 0 } }",
                  Config({{"x", DataType::kFp32, {3, -1}}}));
  EXPECT_EQ(plan->inputs()[0].spec.dims, (std::vector<int64_t>{3, 2}));
}

TEST_F(FeaturePlanTest, AViewThatIsCachedHasACacheOfItsOwnKeys) {
  SeededRng rng(1);
  FeatureCaches caches(rng);
  const std::string text = absl::StrCat(kHoursAndPlanes, R"(
input { name: "x"
  column { feature: "plane_facts:seats" default: 0 on_error: LAST_KNOWN
           max_age { seconds: 60 } }
  column { feature: "plane_facts:seats" default: 0 max_age { seconds: 50 } }
  column { feature: "origin_weather:temp" default: 0 } }
view { name: "plane_facts" cache {
  soft_age { seconds: 1 } hard_age { seconds: 2 } negative_age { seconds: 3 } } }
view { name: "origin_weather" optional: true }
)");
  const ModelConfig config = Config({{"x", DataType::kFp64, {3}}});
  const auto bindings = ParseBindings("f", text);
  ASSERT_TRUE(bindings.ok()) << bindings.status();
  const auto compiled =
      FeaturePlan::Compile(*bindings, config, FlightsRegistry().get(), "/nowhere", {&caches});
  ASSERT_TRUE(compiled.ok()) << compiled.status();
  const FetchPlan& fetch = (*compiled)->fetch();
  ASSERT_EQ(fetch.views.size(), 2u);
  EXPECT_TRUE(fetch.cached());
  const FetchPlan::View& weather = fetch.views[0];
  EXPECT_TRUE(weather.optional);
  EXPECT_EQ(weather.cache, nullptr);
  EXPECT_EQ(weather.keys, (std::vector<size_t>{0, 1}));
  const FetchPlan::View& plane = fetch.views[1];
  EXPECT_FALSE(plane.optional);
  EXPECT_TRUE(plane.keeps_last_known);
  EXPECT_EQ(plane.keys, std::vector<size_t>{2});
  EXPECT_EQ(plane.features, std::vector<size_t>{1});
  EXPECT_EQ(plane.ages.soft, std::chrono::seconds(1));
  EXPECT_EQ(plane.ages.hard, std::chrono::seconds(2));
  EXPECT_EQ(plane.ages.negative, std::chrono::seconds(3));
  EXPECT_EQ(fetch.features[1].max_age_us, 50'000'000);
  EXPECT_EQ(fetch.features[0].max_age_us, std::nullopt);
  // A version that asks for the same begins with what this one has learnt.
  const auto next =
      FeaturePlan::Compile(*bindings, config, FlightsRegistry().get(), "/", {&caches});
  ASSERT_NE(plane.cache, nullptr);
  EXPECT_EQ((*next)->fetch().views[1].cache, plane.cache);
  // Where nothing is served, nothing is cached.
  EXPECT_FALSE(MustCompile(text, config, FlightsRegistry().get())->fetch().cached());
}

TEST_F(FeaturePlanTest, AViewOfAnyNameHasLastKnownValues) {
  const auto plan = MustCompile(R"(
input { name: "x" column { feature: "größe:a" default: 0 on_error: LAST_KNOWN } }
view { name: "größe" cache { soft_age { seconds: 1 } } }
)",
                                Config({{"x", DataType::kFp64, {1}}}));
  EXPECT_TRUE(plan->fetch().views[0].keeps_last_known);
}

TEST_F(FeaturePlanTest, AgesThatNoClockCouldHoldAreForEver) {
  const auto plan = MustCompile(R"(
input { name: "x" column { feature: "v:a" default: 0 } }
view { name: "v" cache { soft_age { seconds: 1099511627776 } } }
)",
                                Config({{"x", DataType::kFp64, {1}}}));
  EXPECT_EQ(plan->fetch().views[0].ages.hard, std::chrono::hours(24 * 365 * 10));
}

TEST_F(FeaturePlanTest, OfAServiceEachViewIsCachedByItsOwnKeys) {
  SeededRng rng(1);
  FeatureCaches caches(rng);
  const auto bindings = ParseBindings("f", R"(
request { name: "s" data_type: TYPE_STRING dims: 1 }
request { name: "hour" data_type: TYPE_INT64 dims: 1 }
feature_service: "delay_model_v1"
entity { join_key: "tailnum" request: "s" }
entity { join_key: "origin" request: "s" }
entity { join_key: "dest" request: "s" }
entity { join_key: "hour_utc" request: "hour" }
entity { join_key: "carrier" request: "s" }
input { name: "x" column { feature: "dest_airport:lat" default: 40 } }
view { name: "dest_airport" cache { soft_age { seconds: 1 } } }
)");
  ASSERT_TRUE(bindings.ok()) << bindings.status();
  const auto plan = FeaturePlan::Compile(*bindings, Config({{"x", DataType::kFp32, {1}}}),
                                         FlightsRegistry().get(), "/", {&caches});
  ASSERT_TRUE(plan.ok()) << plan.status();
  const FetchPlan& fetch = (*plan)->fetch();
  ASSERT_EQ(fetch.views[0].name, "dest_airport");
  ASSERT_EQ(fetch.views[0].keys.size(), 1u);
  EXPECT_EQ(fetch.keys[fetch.views[0].keys[0]].name, "dest");
  EXPECT_EQ(fetch.features[0].keys.size(), 5u);  // The service wants all.
}

TEST_F(FeaturePlanTest, FindsResultColumnsInThreeStyles) {
  const auto plan = MustCompile(R"(
request { name: "id" data_type: TYPE_INT64 dims: 1 }
entity { join_key: "user" request: "id" }
input { name: "x"
  column { feature: "a:f" default: 0 } column { feature: "b:f" default: 0 }
  column { feature: "b:g" default: 0 } column { feature: "b:user" default: 0 } }
)",
                                Config({{"x", DataType::kFp32, {4}}}));
  const FetchPlan& fetch = plan->fetch();
  EXPECT_EQ(fetch.FindByFullName("b:g"), 2u);
  EXPECT_EQ(fetch.FindByFullName("b__g"), 2u);
  EXPECT_EQ(fetch.FindByFullName("g"), std::nullopt);
  EXPECT_EQ(fetch.FindByShortName("g"), 2u);
  EXPECT_EQ(fetch.FindByShortName("f"), std::nullopt);     // In two views.
  EXPECT_EQ(fetch.FindByShortName("user"), std::nullopt);  // The key's own column.
  EXPECT_EQ(fetch.FindByFullName("b__user"), 3u);
}

}  // namespace
}  // namespace tournant
