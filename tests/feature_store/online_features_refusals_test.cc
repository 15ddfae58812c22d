#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/status.h"
#include "feature_store/online_features_fixture.h"

namespace tournant {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct BadRequest {
  const char* name;
  std::vector<std::string> references;
  absl::StatusCode code;
  const char* text;
};

TEST_F(OnlineFeaturesTest, RefusesReferencesThatItCannotServe) {
  const BadRequest cases[] = {
      {"nothing", {}, absl::StatusCode::kInvalidArgument, "neither a feature"},
      {"no colon", {"rate"}, absl::StatusCode::kInvalidArgument, "'rate'"},
      {"no view", {":rate"}, absl::StatusCode::kInvalidArgument, "':rate'"},
      {"no feature", {"driver:"}, absl::StatusCode::kInvalidArgument, "'driver:'"},
      {"unknown view", {"nope:rate"}, absl::StatusCode::kNotFound, "'nope'"},
      {"unknown feature", {"driver:nope"}, absl::StatusCode::kInvalidArgument, "'nope'"},
      {"on demand", {"computed:sum"}, absl::StatusCode::kFailedPrecondition, "Python"},
      {"offline", {"archive:age"}, absl::StatusCode::kFailedPrecondition, "'archive'"},
      {"disabled", {"broken:age"}, absl::StatusCode::kFailedPrecondition, "'broken'"},
      {"version", {"driver@v2:rate"}, absl::StatusCode::kFailedPrecondition, "version"},
  };
  for (const BadRequest& bad : cases) {
    GetOnlineFeaturesRequest request = For(bad.references);
    AddInt(request, "driver_id", 1);
    const auto response = Get(request);
    EXPECT_EQ(response.status().code(), bad.code) << bad.name;
    EXPECT_THAT(std::string(response.status().message()), HasSubstr(bad.text)) << bad.name;
  }
  GetOnlineFeaturesRequest unknown;
  unknown.set_feature_service("nope");
  EXPECT_EQ(Get(unknown).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(store_.reads, 0);
}

TEST_F(OnlineFeaturesTest, RefusesEntitiesThatMakeNoSense) {
  GetOnlineFeaturesRequest missing = For({"route:km"});
  AddText(missing, "from", "A");
  EXPECT_EQ(FieldOf(Get(missing).status()), "entities[to]");
  EXPECT_EQ(Get(missing).status().code(), absl::StatusCode::kInvalidArgument);

  GetOnlineFeaturesRequest none = For({"driver:rate"});
  EXPECT_EQ(FieldOf(Get(none).status()), "entities[driver_id]");

  GetOnlineFeaturesRequest ragged = For({"route:km"});
  AddText(ragged, "from", "A");
  AddText(ragged, "to", "B");
  AddText(ragged, "to", "C");
  EXPECT_EQ(Get(ragged).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(Get(ragged).status().message()), HasSubstr("from 1, to 2"));

  GetOnlineFeaturesRequest floating = For({"driver:rate"});
  AddInt(floating, "driver_id", 1);
  (*floating.mutable_entities())["driver_id"].add_val()->set_double_val(1);
  EXPECT_THAT(std::string(Get(floating).status().message()),
              AllOf(HasSubstr("row 1"), HasSubstr("'driver_id'"), HasSubstr("DOUBLE")));

  options_.max_key_bytes = 100;
  features_.reset();
  GetOnlineFeaturesRequest wide = For({"airport:lat"});
  AddText(wide, "code", std::string(200, 'x'));
  EXPECT_THAT(std::string(Get(wide).status().message()), HasSubstr("at most 100"));
  EXPECT_EQ(store_.reads, 0);
}

TEST_F(OnlineFeaturesTest, ExtraColumnsAreIgnoredInAnyType) {
  GetOnlineFeaturesRequest request = For({"driver:rate"});
  AddInt(request, "driver_id", 1);
  (*request.mutable_entities())["price"].add_val()->set_double_val(1);
  const auto response = Get(request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_THAT(Names(*response), ElementsAre("driver_id", "rate"));
}

TEST_F(OnlineFeaturesTest, AnAnswerThatWouldBeHugeIsRefusedBeforeItIsRead) {
  options_.max_cells = 5;
  store_.Put("driver", DriverKey(1), "rate", "350000003f", kNow);
  GetOnlineFeaturesRequest request = For({"driver:rate"});
  AddInt(request, "driver_id", 1);
  AddInt(request, "driver_id", 2);
  EXPECT_TRUE(Get(request).ok());
  AddInt(request, "driver_id", 3);
  EXPECT_EQ(Get(request).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(store_.reads, 1);
}

TEST_F(OnlineFeaturesTest, RowsOfOneEntityDoNotMakeAnAnswerWithoutABound) {
  options_.max_answer_bytes = 1000;
  store_.Put("driver", DriverKey(1), "rate", "350000003f", kNow);
  GetOnlineFeaturesRequest request = For({"driver:rate"});
  for (int i = 0; i < 10; ++i) AddInt(request, "driver_id", 1);
  const auto answer = Get(request);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_LE(answer->ByteSizeLong(), 1000u);
  for (int i = 0; i < 90; ++i) AddInt(request, "driver_id", 1);
  const absl::Status status = Get(request).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kOutOfRange);
  EXPECT_THAT(std::string(status.message()), HasSubstr("1000 bytes"));
}

TEST_F(OnlineFeaturesTest, AFailingStoreFailsTheCallWithItsStatus) {
  store_.fail_with = absl::UnavailableError("down");
  GetOnlineFeaturesRequest request = For({"driver:rate"});
  AddInt(request, "driver_id", 1);
  EXPECT_EQ(Get(request).status(), absl::UnavailableError("down"));
}

}  // namespace
}  // namespace tournant
