#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "fakes/test_call.h"
#include "feast/core/Registry.pb.h"
#include "feast/serving/ServingService.pb.h"
#include "feature_store/online_features.h"

namespace tournant {

// Answers from a map, at once.
class FakeStore final : public OnlineStore {
 public:
  // `hex` of a serialized value.
  void Put(const std::string& view, const std::string& key, const std::string& feature,
           const std::string& hex, int64_t seconds, int32_t nanos = 0) {
    cells_[{view, key, feature}] = {absl::HexStringToBytes(hex), seconds, nanos};
  }
  Task<absl::StatusOr<OnlineRows>> Read(const CallContext&, OnlineRead read) override {
    ++reads;
    last = read;
    if (!fail_with.ok()) co_return fail_with;
    OnlineRows rows;
    for (const ViewRead& view : *read.views) {
      std::vector<StoredCell>& cells = rows.views.emplace_back();
      for (const std::string& key : read.key_sets[view.key_set]) {
        for (const std::string& feature : view.features) {
          StoredCell& cell = cells.emplace_back();
          cell.unreadable = unreadable.contains(key);
          const auto stored = cells_.find({view.view, key, feature});
          if (stored == cells_.end()) continue;
          cell = {true, rows.bytes.size(), stored->second.value.size(), stored->second.seconds,
                  stored->second.nanos};
          rows.bytes += stored->second.value;
        }
      }
    }
    co_return rows;
  }

  int reads = 0;
  OnlineRead last;
  absl::Status fail_with;
  std::set<std::string> unreadable;  // keys

 private:
  struct Stored {
    std::string value;
    int64_t seconds;
    int32_t nanos;
  };
  std::map<std::tuple<std::string, std::string, std::string>, Stored> cells_;
};

// The semantics engine over a fake store and a small registry: views `driver` (ttl 60 s), `route`,
// `airport`, `totals` (no entities), the unreadable `archive`, `broken` and `computed`, and service
// `trip`, which reads airport twice.
class OnlineFeaturesTest : public ::testing::Test {
 protected:
  using Value = feast::types::Value;
  using ValueTypes = feast::types::ValueType;
  using GetOnlineFeaturesRequest = feast::serving::GetOnlineFeaturesRequest;
  using GetOnlineFeaturesResponse = feast::serving::GetOnlineFeaturesResponse;
  static constexpr int64_t kNow = 1'000'000;

  OnlineFeaturesTest() {
    AddView("driver", {{"driver_id", ValueTypes::INT64}},
            {{"rate", ValueTypes::FLOAT}, {"trips", ValueTypes::INT64}}, 60);
    AddView("route", {{"to", ValueTypes::STRING}, {"from", ValueTypes::STRING}},
            {{"km", ValueTypes::DOUBLE}, {"trips", ValueTypes::INT64}}, 0);
    AddView("airport", {{"code", ValueTypes::STRING}}, {{"lat", ValueTypes::DOUBLE}}, 0);
    AddView("totals", {{"__dummy_id", ValueTypes::STRING}}, {{"sum", ValueTypes::INT64}}, 0);
    AddView("archive", {{"driver_id", ValueTypes::INT64}}, {{"age", ValueTypes::INT64}}, 0)
        ->set_online(false);
    AddView("broken", {{"driver_id", ValueTypes::INT64}}, {{"age", ValueTypes::INT64}}, 0)
        ->set_disabled(true);
    auto* computed = registry_.add_on_demand_feature_views()->mutable_spec();
    computed->set_name("computed");
    computed->set_project("p");
    computed->add_features()->set_name("sum");
    auto* service = registry_.add_feature_services()->mutable_spec();
    service->set_name("trip");
    service->set_project("p");
    for (const char* alias : {"from", "to"}) {
      auto* projection = service->add_features();
      projection->set_feature_view_name("airport");
      projection->set_feature_view_name_alias(absl::StrCat(alias, "_airport"));
      projection->add_feature_columns()->set_name("lat");
      (*projection->mutable_join_key_map())["code"] = alias;
    }
    call_.clock.SetWall(WallTime(std::chrono::seconds(kNow)));
  }

  feast::core::FeatureViewSpec* AddView(
      const std::string& name, const std::vector<std::pair<std::string, ValueTypes::Enum>>& keys,
      const std::vector<std::pair<std::string, ValueTypes::Enum>>& features, int64_t ttl) {
    auto* spec = registry_.add_feature_views()->mutable_spec();
    spec->set_name(name);
    spec->set_project("p");
    spec->set_online(true);
    spec->mutable_ttl()->set_seconds(ttl);
    for (const auto& [key, type] : keys) {
      auto* column = spec->add_entity_columns();
      column->set_name(key);
      column->set_value_type(type);
    }
    for (const auto& [feature, type] : features) {
      auto* column = spec->add_features();
      column->set_name(feature);
      column->set_value_type(type);
    }
    return spec;
  }

  OnlineFeatures& Features() {
    if (features_ == nullptr) {
      const auto registry = FeatureRegistry::Parse(registry_.SerializeAsString(), "p");
      EXPECT_TRUE(registry.ok()) << registry.status();
      features_ = std::make_unique<OnlineFeatures>(*registry, store_, options_);
    }
    return *features_;
  }

  absl::StatusOr<GetOnlineFeaturesResponse> Get(const GetOnlineFeaturesRequest& request) {
    Started<absl::StatusOr<std::string>> call(Features().Get(call_.context, request));
    call_.loop.RunUntilIdle();
    EXPECT_TRUE(call.done());
    if (!call.result->ok()) return call.result->status();
    GetOnlineFeaturesResponse response;
    EXPECT_TRUE(response.ParseFromString(**call.result));
    return response;
  }

  static GetOnlineFeaturesRequest For(const std::vector<std::string>& references) {
    GetOnlineFeaturesRequest request;
    for (const std::string& reference : references) {
      request.mutable_features()->add_val(reference);
    }
    return request;
  }
  static void AddInt(GetOnlineFeaturesRequest& request, const std::string& key, int64_t value) {
    (*request.mutable_entities())[key].add_val()->set_int64_val(value);
  }
  static void AddText(GetOnlineFeaturesRequest& request, const std::string& key,
                      const std::string& value) {
    (*request.mutable_entities())[key].add_val()->set_string_val(value);
  }
  static std::vector<std::string> Names(const GetOnlineFeaturesResponse& response) {
    const auto& names = response.metadata().feature_names().val();
    return {names.begin(), names.end()};
  }

  static std::string DriverKey(int64_t id) {
    const EntityKeyLayout layout(KeyVersion::kV3, {{"driver_id", ValueType::kInt64}});
    Value value;
    value.set_int64_val(id);
    const Value* const pointer = &value;
    std::string key;
    EXPECT_TRUE(layout.Append({&pointer, 1}, &key).ok());
    return key;
  }
  static std::string TextKey(const std::string& name, const std::string& text) {
    const EntityKeyLayout layout(KeyVersion::kV3, {{name, ValueType::kString}});
    Value value;
    value.set_string_val(text);
    const Value* const pointer = &value;
    std::string key;
    EXPECT_TRUE(layout.Append({&pointer, 1}, &key).ok());
    return key;
  }

  feast::core::Registry registry_;
  FakeStore store_;
  OnlineFeatures::Options options_;
  TestCall call_;
  std::unique_ptr<OnlineFeatures> features_;
};

}  // namespace tournant
