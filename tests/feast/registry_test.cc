#include "feast/registry.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "fakes/temp_dir.h"
#include "feast/core/Registry.pb.h"

namespace tournant {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string DataFile(const std::string& name) {
  return absl::StrCat(TOURNANT_TEST_DATA_DIR, "/", name);
}

std::string Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::shared_ptr<const FeatureRegistry> Recorded() {
  auto registry = FeatureRegistry::ReadFile(DataFile("registry.db"), "nycflights");
  EXPECT_TRUE(registry.ok()) << registry.status();
  return *registry;
}

std::string Describe(const RegisteredView& view) {
  std::string text =
      absl::StrCat(view.name, " kind ", static_cast<int>(view.kind), " ttl ", view.ttl_seconds,
                   " online ", view.online, view.enabled, " v", view.version, " keys");
  for (const JoinKey& key : view.join_keys) {
    absl::StrAppend(&text, " ", key.name, ":", ValueTypeName(key.type));
  }
  absl::StrAppend(&text, " features");
  for (const RegisteredFeature& feature : view.features) {
    absl::StrAppend(&text, " ", feature.name, ":", ValueTypeName(feature.type));
  }
  return text;
}

TEST(Registry, TheBinaryFileSaysWhatTheJsonSays) {
  feast::core::Registry from_json;
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  const auto parsed = google::protobuf::util::JsonStringToMessage(Read(DataFile("registry.json")),
                                                                  &from_json, options);
  ASSERT_TRUE(parsed.ok()) << parsed.ToString();
  const auto expected = FeatureRegistry::Parse(from_json.SerializeAsString(), "nycflights");
  ASSERT_TRUE(expected.ok()) << expected.status();
  const auto registry = Recorded();

  ASSERT_EQ(registry->views().size(), 11u);
  ASSERT_EQ(registry->views().size(), (*expected)->views().size());
  for (const RegisteredView& view : (*expected)->views()) {
    ASSERT_NE(registry->FindView(view.name), nullptr) << view.name;
    EXPECT_EQ(Describe(*registry->FindView(view.name)), Describe(view));
  }
  ASSERT_EQ(registry->services().size(), 3u);
  for (const RegisteredService& service : (*expected)->services()) {
    const RegisteredService* found = registry->FindService(service.name);
    ASSERT_NE(found, nullptr);
    ASSERT_EQ(found->projections.size(), service.projections.size());
    for (size_t i = 0; i < service.projections.size(); ++i) {
      EXPECT_EQ(found->projections[i].view, service.projections[i].view);
      EXPECT_EQ(found->projections[i].alias, service.projections[i].alias);
      EXPECT_EQ(found->projections[i].features, service.projections[i].features);
      EXPECT_EQ(found->projections[i].join_key_map, service.projections[i].join_key_map);
    }
  }
}

TEST(Registry, ViewsHaveTheirKeysInStoredOrderWithTypesAndTtl) {
  const auto registry = Recorded();
  EXPECT_EQ(registry->project(), "nycflights");
  EXPECT_EQ(Describe(*registry->FindView("route_stats")),
            "route_stats kind 0 ttl 0 online 11 v0 keys dest:STRING origin:STRING features "
            "flights_flown:INT64 distance:INT64 mean_arr_delay:DOUBLE late_share:FLOAT "
            "carriers:STRING_LIST");
  const RegisteredView& weather = *registry->FindView("origin_weather");
  ASSERT_EQ(weather.join_keys.size(), 2u);
  EXPECT_EQ(weather.join_keys[0].name, "hour_utc");
  EXPECT_EQ(weather.join_keys[0].type, ValueType::kInt64);
  EXPECT_EQ(weather.join_keys[1].name, "origin");
  EXPECT_EQ(weather.ttl_seconds, 3 * 24 * 3600);
  EXPECT_EQ(weather.FindFeature("wind_speed")->type, ValueType::kFloat);
  EXPECT_EQ(weather.FindFeature("sunshine"), nullptr);
  EXPECT_EQ(registry->FindView("hour_of_day")->join_keys[0].type, ValueType::kInt32);
  EXPECT_EQ(registry->FindView("network_totals")->join_keys[0].name, kEntitylessJoinKey);
  EXPECT_EQ(registry->FindView("airport_geo")->ttl_seconds, 3'153'600'000);
  EXPECT_EQ(registry->FindView("no_such_view"), nullptr);
}

TEST(Registry, KnowsOnDemandViewsAsSuch) {
  const auto registry = Recorded();
  const RegisteredView* view = registry->FindView("plane_age");
  ASSERT_NE(view, nullptr);
  EXPECT_EQ(view->kind, ViewKind::kOnDemand);
}

TEST(Registry, ServicesMapJoinKeysToTheColumnsOfARequest) {
  const auto registry = Recorded();
  const RegisteredService* service = registry->FindService("delay_model_v1");
  ASSERT_NE(service, nullptr);
  const ServiceProjection& last = service->projections.back();
  EXPECT_EQ(last.view, "airport_geo");
  EXPECT_EQ(last.alias, "dest_airport");
  EXPECT_THAT(last.features, ElementsAre("lat", "lon", "alt"));
  EXPECT_EQ(last.RequestColumn("faa"), "dest");
  EXPECT_EQ(last.RequestColumn("tailnum"), "tailnum");
  EXPECT_EQ(service->projections.front().alias, "plane_facts");
  EXPECT_EQ(registry->FindService("no_such_service"), nullptr);
}

TEST(Registry, TheOnlyProjectNeedsNoNameAndAWrongOneIsNamed) {
  EXPECT_TRUE(FeatureRegistry::ReadFile(DataFile("registry.db"), "").ok());
  const auto wrong = FeatureRegistry::ReadFile(DataFile("registry.db"), "payments");
  EXPECT_EQ(wrong.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(wrong.status().message()),
              AllOf(HasSubstr("registry.db"), HasSubstr("'payments'"), HasSubstr("nycflights")));

  feast::core::Registry two;
  two.add_projects()->mutable_spec()->set_name("a");
  two.add_projects()->mutable_spec()->set_name("b");
  const auto ambiguous = FeatureRegistry::Parse(two.SerializeAsString(), "");
  EXPECT_THAT(std::string(ambiguous.status().message()), HasSubstr("a, b"));
}

TEST(Registry, EveryCutOfTheFileIsAnErrorOrASmallerRegistryNeverACrash) {
  const std::string bytes = Read(DataFile("registry.db"));
  size_t refused = 0;
  for (size_t size = 0; size < bytes.size(); size += 7) {
    if (!FeatureRegistry::Parse(bytes.substr(0, size), "nycflights").ok()) ++refused;
  }
  EXPECT_GT(refused, bytes.size() / 7 / 2);
}

TEST(Registry, ErrorsNameTheFile) {
  const std::string missing = DataFile("no_such_registry.db");
  const auto absent = FeatureRegistry::ReadFile(missing, "");
  EXPECT_EQ(absent.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(absent.status().message()), HasSubstr(missing));

  const TempDir folder;
  const std::string cut = (folder.path() / "cut_registry.db").native();
  std::ofstream(cut, std::ios::binary) << Read(DataFile("registry.db")).substr(0, 5000);
  const auto truncated = FeatureRegistry::ReadFile(cut, "nycflights");
  EXPECT_EQ(truncated.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(truncated.status().message()),
              AllOf(HasSubstr(cut), HasSubstr("truncated")));

  std::ofstream(cut, std::ios::binary | std::ios::trunc).flush();
  EXPECT_THAT(std::string(FeatureRegistry::ReadFile(cut, "").status().message()),
              AllOf(HasSubstr(cut), HasSubstr("empty")));
  EXPECT_FALSE(FeatureRegistry::ReadFile(TOURNANT_TEST_DATA_DIR, "").ok());
}

feast::core::FeatureView* AddView(feast::core::Registry& registry, const std::string& name) {
  feast::core::FeatureView* view = registry.add_feature_views();
  view->mutable_spec()->set_name(name);
  view->mutable_spec()->set_project("p");
  view->mutable_spec()->set_online(true);
  return view;
}

TEST(Registry, AnOldRegistryWithoutTypedColumnsTakesKeysFromItsEntities) {
  feast::core::Registry old;
  auto* entity = old.add_entities()->mutable_spec();
  entity->set_name("driver");
  entity->set_project("p");
  entity->set_join_key("driver_id");
  entity->set_value_type(feast::types::ValueType::INT64);
  AddView(old, "stats")->mutable_spec()->add_entities("driver");
  AddView(old, "totals");
  const auto registry = FeatureRegistry::Parse(old.SerializeAsString(), "p");
  ASSERT_TRUE(registry.ok()) << registry.status();
  const RegisteredView& stats = *(*registry)->FindView("stats");
  ASSERT_EQ(stats.join_keys.size(), 1u);
  EXPECT_EQ(stats.join_keys[0].name, "driver_id");
  EXPECT_EQ(stats.join_keys[0].type, ValueType::kInt64);
  EXPECT_EQ((*registry)->FindView("totals")->join_keys[0].name, kEntitylessJoinKey);
}

TEST(Registry, ReadsStatesStreamViewsAndFractionsOfATtl) {
  feast::core::Registry raw;
  AddView(raw, "off")->mutable_spec()->set_disabled(true);
  AddView(raw, "building")
      ->mutable_meta()
      ->set_state(static_cast<feast::core::FeatureViewState>(2));
  AddView(raw, "ready")->mutable_meta()->set_state(feast::core::AVAILABLE_ONLINE);
  AddView(raw, "offline")->mutable_spec()->set_online(false);
  AddView(raw, "short")->mutable_spec()->mutable_ttl()->set_nanos(500'000'000);
  auto* stream = raw.add_stream_feature_views()->mutable_spec();
  stream->set_name("clicks");
  stream->set_project("p");
  stream->set_online(true);
  const auto registry = FeatureRegistry::Parse(raw.SerializeAsString(), "p");
  ASSERT_TRUE(registry.ok()) << registry.status();
  EXPECT_FALSE((*registry)->FindView("off")->enabled);
  EXPECT_FALSE((*registry)->FindView("building")->enabled);
  EXPECT_TRUE((*registry)->FindView("ready")->enabled);
  EXPECT_FALSE((*registry)->FindView("offline")->online);
  EXPECT_EQ((*registry)->FindView("short")->ttl_seconds, 1);
  EXPECT_EQ((*registry)->FindView("clicks")->kind, ViewKind::kStream);
}

TEST(Registry, LeavesOtherProjectsOutAndRefusesTwoViewsOfOneName) {
  feast::core::Registry raw;
  AddView(raw, "stats");
  AddView(raw, "stats")->mutable_spec()->set_project("other");
  EXPECT_TRUE(FeatureRegistry::Parse(raw.SerializeAsString(), "p").ok());
  AddView(raw, "stats");
  EXPECT_THAT(std::string(FeatureRegistry::Parse(raw.SerializeAsString(), "p").status().message()),
              HasSubstr("two feature views named 'stats'"));
}

}  // namespace
}  // namespace tournant
