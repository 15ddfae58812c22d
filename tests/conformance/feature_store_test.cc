// Every recorded request is asked of our feature store over what Feast wrote, its SQLite file and
// the hashes in a real redis-server, on both paths.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "conformance/recorded_cases.h"
#include "fakes/in_process_tsan.h"
#include "fakes/manual_clock.h"
#include "fakes/redis_process.h"
#include "feast/serving/GrpcServer.grpc.pb.h"
#include "feast/serving/ServingService.grpc.pb.h"
#include "feature_store/feature_store_server.h"

namespace tournant {
namespace {

namespace serving = feast::serving;
using serving::GetOnlineFeaturesRequest;
using serving::GetOnlineFeaturesResponse;
using FeatureVector = GetOnlineFeaturesResponse::FeatureVector;

// Where we deliberately answer otherwise than Feast did. Feast gave UNKNOWN for each of these (and
// INTERNAL for the unknown service), but OK for half of a composite key.
const std::map<std::string, grpc::StatusCode>& RefusedByUs() {
  using grpc::StatusCode;
  static const auto* const codes = new std::map<std::string, StatusCode>{
      // One name for two columns.
      {"dup.same_feature_twice", StatusCode::INVALID_ARGUMENT},
      {"names.collision_short_names", StatusCode::INVALID_ARGUMENT},
      {"service.collision_short_names", StatusCode::INVALID_ARGUMENT},
      // References that make no sense.
      {"error.unknown_feature", StatusCode::INVALID_ARGUMENT},
      {"error.unknown_feature_beside_known", StatusCode::INVALID_ARGUMENT},
      {"error.ref_without_colon", StatusCode::INVALID_ARGUMENT},
      {"error.empty_feature_list", StatusCode::INVALID_ARGUMENT},
      {"error.neither_service_nor_features", StatusCode::INVALID_ARGUMENT},
      // Things that do not exist.
      {"error.unknown_view", StatusCode::NOT_FOUND},
      {"service.unknown", StatusCode::NOT_FOUND},
      // Keys that are missing, ragged or no keys.
      {"service.missing_keys", StatusCode::INVALID_ARGUMENT},
      {"error.no_entities", StatusCode::INVALID_ARGUMENT},
      {"error.missing_half_of_composite_key", StatusCode::INVALID_ARGUMENT},
      {"error.ragged_columns", StatusCode::INVALID_ARGUMENT},
      {"error.entity_name_instead_of_join_key", StatusCode::INVALID_ARGUMENT},
      {"key_type.double_for_int64", StatusCode::INVALID_ARGUMENT},
      {"key_type.unset_value", StatusCode::INVALID_ARGUMENT},
      // No Python runs here.
      {"service.on_demand", StatusCode::FAILED_PRECONDITION},
      {"on_demand.feature_list", StatusCode::FAILED_PRECONDITION},
      {"on_demand.request_data_missing", StatusCode::FAILED_PRECONDITION},
      {"on_demand.request_context_field", StatusCode::FAILED_PRECONDITION},
  };
  return *codes;
}

// Requests that Feast refuses or misses and we answer; each has a test of its own below.
const std::vector<std::string>& AnsweredByUsOnly() {
  static const auto* const ids = new std::vector<std::string>{
      "error.zero_rows", "error.extra_entity_key", "entityless.no_entities",
      "key_type.int32_for_int64", "key_type.int64_for_int32"};
  return *ids;
}

bool Contains(const std::vector<std::string>& ids, const std::string& id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

// The same data in both.
enum class StoreKind { kSqlite, kRedis };
constexpr size_t kRedisHashes = 1863;

// Our server over one of the stores, and all that it stands on.
class RecordedStore {
 public:
  explicit RecordedStore(StoreKind kind) {
    FeatureStoreOptions options;
    options.store = absl::StrCat("sqlite:", DataFile("online_store.db"));
    if (kind == StoreKind::kRedis) {
      redis_ = std::make_unique<RedisProcess>();
      redis_->Load(DataFile("redis.resp"), kRedisHashes);
      options.store = absl::StrCat("redis://127.0.0.1:", redis_->port());
    }
    options.registry = DataFile("registry.db");
    options.project = "nycflights";
    clock_.SetWall(WallTime(std::chrono::seconds(kRecordedNow)));
    auto server = FeatureStoreServer::Start(options, clock_);
    EXPECT_TRUE(server.ok()) << server.status();
    if (server.ok()) server_ = *std::move(server);
  }
  std::shared_ptr<grpc::Channel> Channel() const { return server_->InProcessChannel(); }

 private:
  ManualClock clock_;
  std::unique_ptr<RedisProcess> redis_;
  std::unique_ptr<FeatureStoreServer> server_;
};

using StoreAndCase = std::tuple<StoreKind, RecordedCase>;

std::string NameOf(StoreKind kind) { return kind == StoreKind::kRedis ? "Redis" : "Sqlite"; }

// What both suites need: both stores, started when they are first asked.
class BothStores {
 protected:
  static void StopStores() { stores_.clear(); }
  static std::shared_ptr<grpc::Channel> ChannelTo(StoreKind kind) {
    std::unique_ptr<RecordedStore>& store = stores_[kind];
    if (store == nullptr) store = std::make_unique<RecordedStore>(kind);
    return store->Channel();
  }

  // Asks on both paths, which must agree byte for byte.
  static grpc::Status Ask(StoreKind kind, const GetOnlineFeaturesRequest& request,
                          GetOnlineFeaturesResponse* response) {
    const std::shared_ptr<grpc::Channel> channel = ChannelTo(kind);
    grpc::ClientContext context;
    const grpc::Status status =
        serving::ServingService::NewStub(channel)->GetOnlineFeatures(&context, request, response);
    grpc::ClientContext python_context;
    GetOnlineFeaturesResponse python_response;
    const grpc::Status python_status = GrpcFeatureServer::NewStub(channel)->GetOnlineFeatures(
        &python_context, request, &python_response);
    EXPECT_EQ(python_status.error_code(), status.error_code());
    EXPECT_EQ(python_status.error_message(), status.error_message());
    EXPECT_EQ(python_response.SerializeAsString(), response->SerializeAsString());
    return status;
  }

  static std::map<std::string, FeatureVector> ByName(const GetOnlineFeaturesResponse& response) {
    std::map<std::string, FeatureVector> columns;
    EXPECT_EQ(response.metadata().feature_names().val_size(), response.results_size());
    for (int i = 0; i < response.results_size(); ++i) {
      columns[response.metadata().feature_names().val(i)] = response.results(i);
    }
    return columns;
  }

 private:
  static inline std::map<StoreKind, std::unique_ptr<RecordedStore>> stores_;
};

class FeatureStoreReplay : public BothStores, public ::testing::TestWithParam<StoreAndCase> {
 protected:
  static void TearDownTestSuite() { StopStores(); }
};

class FeatureStoreConformance : public BothStores, public ::testing::TestWithParam<StoreKind> {
 protected:
  static void TearDownTestSuite() { StopStores(); }
  static grpc::Status Ask(const GetOnlineFeaturesRequest& request,
                          GetOnlineFeaturesResponse* response) {
    return BothStores::Ask(GetParam(), request, response);
  }
};

std::string ColumnName(const GetOnlineFeaturesRequest& request, const std::string& ref) {
  const std::vector<std::string> parts = absl::StrSplit(ref, ':');
  return request.full_feature_names() ? absl::StrCat(parts[0], "__", parts[1]) : parts[1];
}

// Feast's status is PRESENT or NOT_FOUND; ours tells the stored states and staleness apart.
serving::FieldStatus ExpectedStatus(const StoredColumn& stored, size_t row) {
  switch (stored.states[row]) {
    case StoredColumn::State::kAbsent:
      return serving::NOT_FOUND;
    case StoredColumn::State::kNull:
      return serving::NULL_VALUE;
    case StoredColumn::State::kValue:
      return stored.stale[row] ? serving::OUTSIDE_MAX_AGE : serving::PRESENT;
  }
  return serving::INVALID;
}

// Key columns in sorted order, then the features in the order asked for; `stored` has that order.
std::vector<std::string> ExpectedNames(const RecordedCase& recorded) {
  std::vector<std::string> names;
  for (const auto& [name, values] : recorded.request.entities()) {
    if (name != "__dummy_id") names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  for (const StoredColumn& column : recorded.stored) {
    names.push_back(ColumnName(recorded.request, column.ref));
  }
  return names;
}

TEST_P(FeatureStoreReplay, AnswersAsFeastOrAsNamedHere) {
  const auto& [kind, recorded] = GetParam();
  const RecordedAnswer& feast_said =
      kind == StoreKind::kRedis ? recorded.on_redis : recorded.on_sqlite;
  GetOnlineFeaturesResponse response;
  const grpc::Status status = Ask(kind, recorded.request, &response);

  if (const auto refused = RefusedByUs().find(recorded.id); refused != RefusedByUs().end()) {
    EXPECT_EQ(status.error_code(), refused->second) << status.error_message();
    EXPECT_FALSE(status.error_message().empty());
    return;
  }
  ASSERT_TRUE(status.ok()) << status.error_message();
  if (Contains(AnsweredByUsOnly(), recorded.id)) return;

  ASSERT_TRUE(feast_said.ok);
  ASSERT_FALSE(recorded.stored.empty());
  const auto& names = response.metadata().feature_names().val();
  EXPECT_EQ(std::vector<std::string>(names.begin(), names.end()), ExpectedNames(recorded));

  const std::map<std::string, FeatureVector> ours = ByName(response);
  const std::map<std::string, FeatureVector> feasts = ByName(feast_said.response);
  ASSERT_EQ(ours.size(), feasts.size());
  for (const auto& [name, feast] : feasts) {
    ASSERT_TRUE(ours.contains(name)) << name;
    const FeatureVector& our = ours.at(name);
    ASSERT_EQ(our.values_size(), feast.values_size()) << name;
    ASSERT_EQ(our.statuses_size(), feast.values_size()) << name;
    ASSERT_EQ(our.event_timestamps_size(), feast.values_size()) << name;
    for (int row = 0; row < feast.values_size(); ++row) {
      EXPECT_EQ(our.values(row).SerializeAsString(), feast.values(row).SerializeAsString())
          << name << " row " << row;
      EXPECT_EQ(our.event_timestamps(row).SerializeAsString(),
                feast.event_timestamps(row).SerializeAsString())
          << name << " row " << row;
    }
  }
  for (const auto& [name, values] : recorded.request.entities()) {
    if (name == "__dummy_id") continue;
    for (const int key_status : ours.at(name).statuses()) EXPECT_EQ(key_status, serving::PRESENT);
  }
  for (const StoredColumn& stored : recorded.stored) {
    const FeatureVector& our = ours.at(ColumnName(recorded.request, stored.ref));
    ASSERT_EQ(static_cast<size_t>(our.statuses_size()), stored.states.size()) << stored.ref;
    for (size_t row = 0; row < stored.states.size(); ++row) {
      const int at = static_cast<int>(row);
      EXPECT_EQ(our.statuses(at), ExpectedStatus(stored, row)) << stored.ref << " row " << row;
      EXPECT_EQ(our.values(at).SerializeAsString(), stored.values[row]) << stored.ref;
      EXPECT_EQ(our.event_timestamps(at).seconds(), stored.event_seconds[row]) << stored.ref;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Recorded, FeatureStoreReplay,
                         ::testing::Combine(::testing::Values(StoreKind::kSqlite,
                                                              StoreKind::kRedis),
                                            ::testing::ValuesIn(RecordedCases())),
                         [](const auto& info) {
                           return absl::StrCat(
                               NameOf(std::get<0>(info.param)), "_",
                               absl::StrReplaceAll(std::get<1>(info.param).id, {{".", "_"}}));
                         });

INSTANTIATE_TEST_SUITE_P(Both, FeatureStoreConformance,
                         ::testing::Values(StoreKind::kSqlite, StoreKind::kRedis),
                         [](const auto& info) { return NameOf(info.param); });

TEST(RecordedCases, AreAllThere) {
  EXPECT_EQ(RecordedCases().size(), 74u);
  for (const auto& [id, code] : RefusedByUs()) EXPECT_EQ(RecordedCaseById(id).id, id);
}

TEST_P(FeatureStoreConformance, ZeroRowsAreAnsweredWithZeroRows) {
  GetOnlineFeaturesResponse response;
  ASSERT_TRUE(Ask(RecordedCaseById("error.zero_rows").request, &response).ok());
  const auto columns = ByName(response);
  ASSERT_EQ(columns.size(), 2u);
  EXPECT_EQ(columns.at("tailnum").values_size(), 0);
  EXPECT_EQ(columns.at("seats").values_size(), 0);
}

TEST_P(FeatureStoreConformance, AnExtraKeyChangesNothing) {
  GetOnlineFeaturesResponse with;
  GetOnlineFeaturesResponse without;
  ASSERT_TRUE(Ask(RecordedCaseById("error.extra_entity_key").request, &with).ok());
  ASSERT_TRUE(Ask(RecordedCaseById("hit.one_feature").request, &without).ok());
  EXPECT_EQ(with.SerializeAsString(), without.SerializeAsString());
}

TEST_P(FeatureStoreConformance, AViewWithoutEntitiesIsOneRowWhenNoKeyIsSent) {
  GetOnlineFeaturesResponse response;
  ASSERT_TRUE(Ask(RecordedCaseById("entityless.no_entities").request, &response).ok());
  const auto columns = ByName(response);
  const auto feasts = ByName(RecordedCaseById("entityless.dummy_key").on_sqlite.response);
  ASSERT_EQ(columns.size(), 1u);
  EXPECT_EQ(columns.at("flights_total").SerializeAsString(),
            feasts.at("flights_total").SerializeAsString());
}

// For Feast an int32 and an int64 are two keys; we take the width from the registry.
TEST_P(FeatureStoreConformance, KeysOfTheOtherIntegerWidthAreFound) {
  for (const char* id : {"hit.int64_key", "hit.int32_key"}) {
    GetOnlineFeaturesRequest request = RecordedCaseById(id).request;
    GetOnlineFeaturesResponse exact;
    ASSERT_TRUE(Ask(request, &exact).ok());
    for (auto& [name, values] : *request.mutable_entities()) {
      for (feast::types::Value& value : *values.mutable_val()) {
        if (value.has_int32_val()) {
          value.set_int64_val(value.int32_val());
        } else {
          value.set_int32_val(static_cast<int32_t>(value.int64_val()));
        }
      }
    }
    GetOnlineFeaturesResponse swapped;
    ASSERT_TRUE(Ask(request, &swapped).ok());
    ASSERT_EQ(swapped.results_size(), exact.results_size());
    for (int i = 1; i < exact.results_size(); ++i) {
      EXPECT_EQ(swapped.results(i).SerializeAsString(), exact.results(i).SerializeAsString()) << id;
    }
  }
}

// Feast's Python server takes no notice of the flag.
TEST_P(FeatureStoreConformance, VersionsOfViewsAreToldWhenAskedFor) {
  GetOnlineFeaturesResponse response;
  ASSERT_TRUE(Ask(RecordedCaseById("versions.metadata_flag").request, &response).ok());
  ASSERT_EQ(response.metadata().feature_view_metadata_size(), 1);
  EXPECT_EQ(response.metadata().feature_view_metadata(0).name(), "plane_facts");
  EXPECT_EQ(response.metadata().feature_view_metadata(0).version(), 0);
}

}  // namespace
}  // namespace tournant
