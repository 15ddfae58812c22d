#include "feature_store/online_features.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <string>

#include "base/status.h"
#include "feature_store/online_features_fixture.h"

namespace tournant {
namespace {

namespace serving = feast::serving;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST_F(OnlineFeaturesTest, AnswersValuesNullsAndAbsencesEachWithItsOwnStatus) {
  store_.Put("driver", DriverKey(1), "rate", "350000003f", kNow - 10, 500);
  store_.Put("driver", DriverKey(1), "trips", "", kNow - 10);
  GetOnlineFeaturesRequest request = For({"driver:rate", "driver:trips"});
  AddInt(request, "driver_id", 1);
  AddInt(request, "driver_id", 2);
  const auto response = Get(request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_THAT(Names(*response), ElementsAre("driver_id", "rate", "trips"));
  const auto& rate = response->results(1);
  EXPECT_EQ(rate.values(0).float_val(), 0.5f);
  EXPECT_THAT(rate.statuses(), ElementsAre(serving::PRESENT, serving::NOT_FOUND));
  EXPECT_EQ(rate.event_timestamps(0).seconds(), kNow - 10);
  EXPECT_EQ(rate.event_timestamps(0).nanos(), 500);
  EXPECT_EQ(rate.event_timestamps(1).seconds(), 0);
  EXPECT_EQ(rate.values(1).val_case(), Value::VAL_NOT_SET);
  const auto& trips = response->results(2);
  EXPECT_THAT(trips.statuses(), ElementsAre(serving::NULL_VALUE, serving::NOT_FOUND));
  EXPECT_EQ(trips.values(0).val_case(), Value::VAL_NOT_SET);
  EXPECT_EQ(trips.event_timestamps(0).seconds(), kNow - 10);
}

TEST_F(OnlineFeaturesTest, KeyColumnsComeFirstSortedPresentAndWithoutATime) {
  GetOnlineFeaturesRequest request = For({"route:km", "driver:rate"});
  AddText(request, "to", "B");
  AddInt(request, "driver_id", 7);
  AddText(request, "from", "A");
  const auto response = Get(request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_THAT(Names(*response), ElementsAre("driver_id", "from", "to", "km", "rate"));
  EXPECT_EQ(response->results(0).values(0).int64_val(), 7);
  EXPECT_EQ(response->results(1).values(0).string_val(), "A");
  EXPECT_EQ(response->results(2).values(0).string_val(), "B");
  EXPECT_EQ(response->results(2).statuses(0), serving::PRESENT);
  EXPECT_EQ(response->results(2).event_timestamps(0).seconds(), 0);
}

TEST_F(OnlineFeaturesTest, AValueIsStaleOneSecondAfterItsTtlAndIsSentAllTheSame) {
  for (int64_t age = 59; age <= 61; ++age) {
    store_.Put("driver", DriverKey(age), "trips", "2007", kNow - age);
  }
  store_.Put("driver", DriverKey(100), "trips", "", kNow - 100);
  store_.Put("driver", DriverKey(101), "trips", "2007", kNow + 50);
  GetOnlineFeaturesRequest request = For({"driver:trips"});
  for (const int64_t id : {59, 60, 61, 100, 101}) AddInt(request, "driver_id", id);
  const auto response = Get(request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_THAT(response->results(1).statuses(),
              ElementsAre(serving::PRESENT, serving::PRESENT, serving::OUTSIDE_MAX_AGE,
                          serving::NULL_VALUE, serving::PRESENT));
  EXPECT_EQ(response->results(1).values(2).int64_val(), 7);
}

TEST_F(OnlineFeaturesTest, WithoutATtlNothingIsStale) {
  store_.Put("totals", TextKey("__dummy_id", ""), "sum", "2007", 1);
  const auto response = Get(For({"totals:sum"}));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->results(0).statuses(0), serving::PRESENT);
}

TEST_F(OnlineFeaturesTest, AViewWithoutEntitiesNeedsNoKeyAndShowsNone) {
  store_.Put("totals", TextKey("__dummy_id", ""), "sum", "2007", 1);
  GetOnlineFeaturesRequest with_key = For({"totals:sum"});
  AddText(with_key, "__dummy_id", "");
  AddText(with_key, "__dummy_id", "");
  const auto two = Get(with_key);
  ASSERT_TRUE(two.ok()) << two.status();
  EXPECT_THAT(Names(*two), ElementsAre("sum"));
  EXPECT_EQ(two->results(0).values_size(), 2);
  EXPECT_EQ(two->results(0).values(1).int64_val(), 7);

  GetOnlineFeaturesRequest beside = For({"totals:sum", "driver:rate"});
  AddInt(beside, "driver_id", 1);
  const auto both = Get(beside);
  ASSERT_TRUE(both.ok()) << both.status();
  EXPECT_THAT(Names(*both), ElementsAre("driver_id", "sum", "rate"));
  EXPECT_EQ(both->results(1).values(0).int64_val(), 7);
}

TEST_F(OnlineFeaturesTest, EqualRowsAreReadOnceAndAnsweredEach) {
  store_.Put("driver", DriverKey(1), "trips", "2007", kNow);
  GetOnlineFeaturesRequest request = For({"driver:trips"});
  for (const int64_t id : {1, 2, 1, 1}) AddInt(request, "driver_id", id);
  const auto response = Get(request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(store_.last.key_sets[0].size(), 2u);
  EXPECT_THAT(response->results(1).statuses(), ElementsAre(serving::PRESENT, serving::NOT_FOUND,
                                                           serving::PRESENT, serving::PRESENT));
}

TEST_F(OnlineFeaturesTest, OneReadFetchesAllViewsAndRows) {
  store_.Put("driver", DriverKey(1), "rate", "350000003f", kNow);
  GetOnlineFeaturesRequest request = For({"driver:rate", "route:km", "driver:trips", "totals:sum"});
  AddInt(request, "driver_id", 1);
  AddText(request, "from", "A");
  AddText(request, "to", "B");
  ASSERT_TRUE(Get(request).ok());
  EXPECT_EQ(store_.reads, 1);
  EXPECT_EQ(store_.last.views->size(), 3u);
}

TEST_F(OnlineFeaturesTest, ZeroRowsAreAnsweredWithZeroRows) {
  GetOnlineFeaturesRequest request = For({"driver:trips"});
  (*request.mutable_entities())["driver_id"];
  const auto response = Get(request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_THAT(Names(*response), ElementsAre("driver_id", "trips"));
  ASSERT_EQ(response->results_size(), 2);
  EXPECT_EQ(response->results(0).values_size(), 0);
  EXPECT_EQ(response->results(1).statuses_size(), 0);
}

TEST_F(OnlineFeaturesTest, FullNamesTellViewsApartAndShortOnesCollide) {
  GetOnlineFeaturesRequest request = For({"driver:trips", "route:trips"});
  AddInt(request, "driver_id", 1);
  AddText(request, "from", "A");
  AddText(request, "to", "B");
  const auto collision = Get(request);
  EXPECT_EQ(collision.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(collision.status().message()),
              AllOf(HasSubstr("'trips'"), HasSubstr("full_feature_names")));
  request.set_full_feature_names(true);
  const auto response = Get(request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_THAT(Names(*response),
              ElementsAre("driver_id", "from", "to", "driver__trips", "route__trips"));

  request.mutable_features()->add_val("driver:trips");
  EXPECT_EQ(Get(request).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(OnlineFeaturesTest, AServiceReadsOneViewForTwoEntitiesUnderTwoAliases) {
  store_.Put("airport", TextKey("code", "JFK"), "lat", "290000000000000040", kNow);
  store_.Put("airport", TextKey("code", "LAX"), "lat", "290000000000000840", kNow);
  GetOnlineFeaturesRequest request;
  request.set_feature_service("trip");
  request.set_full_feature_names(true);
  AddText(request, "from", "JFK");
  AddText(request, "to", "LAX");
  const auto response = Get(request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_THAT(Names(*response), ElementsAre("from", "to", "from_airport__lat", "to_airport__lat"));
  EXPECT_EQ(response->results(2).values(0).double_val(), 2.0);
  EXPECT_EQ(response->results(3).values(0).double_val(), 3.0);
}

TEST_F(OnlineFeaturesTest, IntegersFindTheirKeyInEitherWidth) {
  store_.Put("driver", DriverKey(5), "trips", "2007", kNow);
  GetOnlineFeaturesRequest request = For({"driver:trips"});
  (*request.mutable_entities())["driver_id"].add_val()->set_int32_val(5);
  const auto response = Get(request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->results(1).statuses(0), serving::PRESENT);
  EXPECT_EQ(response->results(0).values(0).int32_val(), 5);  // echoed as it was sent
}

TEST_F(OnlineFeaturesTest, AKeyThatTheVersionCannotExpressIsAbsent) {
  options_.layout.key_version = KeyVersion::kV1;
  GetOnlineFeaturesRequest request = For({"driver:trips"});
  AddInt(request, "driver_id", 5'000'000'000);
  AddInt(request, "driver_id", 5);
  ASSERT_TRUE(Get(request).ok());  // And is followed by a probe of the other versions.
  const auto response = Get(request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(store_.last.key_sets[0].size(), 1u);
  EXPECT_THAT(response->results(1).statuses(), ElementsAre(serving::NOT_FOUND, serving::NOT_FOUND));
}

TEST_F(OnlineFeaturesTest, ADamagedValueCostsOnlyItsCell) {
  store_.Put("driver", DriverKey(1), "trips", "20ff", kNow);
  store_.Put("driver", DriverKey(1), "rate", "350000003f", kNow);
  GetOnlineFeaturesRequest request = For({"driver:trips", "driver:rate"});
  AddInt(request, "driver_id", 1);
  const auto response = Get(request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->results(1).statuses(0), serving::INVALID);
  EXPECT_EQ(response->results(1).values(0).val_case(), Value::VAL_NOT_SET);
  EXPECT_EQ(response->results(2).values(0).float_val(), 0.5f);
}

TEST_F(OnlineFeaturesTest, ExplicitNullsAndNoTimeAreNulls) {
  store_.Put("driver", DriverKey(1), "trips", "980100", kNow);
  store_.Put("driver", DriverKey(1), "rate", "4080808080808080808001", kNow);
  GetOnlineFeaturesRequest request = For({"driver:trips", "driver:rate"});
  AddInt(request, "driver_id", 1);
  const auto response = Get(request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->results(1).statuses(0), serving::NULL_VALUE);
  EXPECT_EQ(response->results(2).statuses(0), serving::NULL_VALUE);
  EXPECT_EQ(response->results(2).values(0).unix_timestamp_val(),
            std::numeric_limits<int64_t>::min());
}

TEST_F(OnlineFeaturesTest, VersionsOfViewsAreToldWhenAskedFor) {
  registry_.mutable_feature_views(0)->mutable_meta()->set_current_version_number(3);
  GetOnlineFeaturesRequest request = For({"driver@latest:rate"});
  AddInt(request, "driver_id", 1);
  EXPECT_EQ(Get(request)->metadata().feature_view_metadata_size(), 0);
  request.set_include_feature_view_version_metadata(true);
  const auto response = Get(request);
  ASSERT_TRUE(response.ok()) << response.status();
  ASSERT_EQ(response->metadata().feature_view_metadata_size(), 1);
  EXPECT_EQ(response->metadata().feature_view_metadata(0).name(), "driver");
  EXPECT_EQ(response->metadata().feature_view_metadata(0).version(), 3);
}

TEST_F(OnlineFeaturesTest, PlansAreSharedByShapeAndTheCacheIsBounded) {
  const auto registry = *FeatureRegistry::Parse(registry_.SerializeAsString(), "p");
  PlanCache cache(registry, StoreLayout(), 2);
  const auto first = *cache.PlanFor(For({"driver:rate"}));
  EXPECT_EQ(*cache.PlanFor(For({"driver:rate"})), first);
  GetOnlineFeaturesRequest full = For({"driver:rate"});
  full.set_full_feature_names(true);
  EXPECT_NE(*cache.PlanFor(full), first);
  EXPECT_EQ(cache.size(), 2u);
  EXPECT_FALSE(cache.PlanFor(For({"nope:rate"})).ok());
  EXPECT_EQ(cache.size(), 2u);
  EXPECT_TRUE(cache.PlanFor(For({"driver:trips"})).ok());
  EXPECT_EQ(cache.size(), 1u);
}

TEST_F(OnlineFeaturesTest, AValueWithoutATimeIsNotCalledStale) {
  store_.Put("driver", DriverKey(1), "trips", "2007", 0);
  GetOnlineFeaturesRequest request = For({"driver:trips"});
  AddInt(request, "driver_id", 1);
  EXPECT_THAT(Get(request)->results(1).statuses(), ElementsAre(serving::PRESENT));
}

TEST_F(OnlineFeaturesTest, AnEntityThatCouldNotBeReadIsInvalidAndTheOthersAreAnswered) {
  store_.Put("driver", DriverKey(1), "trips", "2007", kNow);
  store_.unreadable = {DriverKey(2)};
  GetOnlineFeaturesRequest request = For({"driver:trips"});
  for (const int64_t id : {1, 2, 3}) AddInt(request, "driver_id", id);
  const auto response = Get(request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_THAT(response->results(1).statuses(),
              ElementsAre(serving::PRESENT, serving::INVALID, serving::NOT_FOUND));
  EXPECT_EQ(response->results(1).values(1).val_case(), Value::VAL_NOT_SET);
}

TEST_F(OnlineFeaturesTest, AVersionedViewIsReadUnderTheNameItIsStoredBy) {
  registry_.mutable_feature_views(0)->mutable_meta()->set_current_version_number(3);
  options_.layout.versioned_views = true;
  store_.Put("driver_v3", DriverKey(1), "trips", "2007", kNow);
  store_.Put("airport", TextKey("code", "ZRH"), "lat", "290000000000000040", kNow);
  GetOnlineFeaturesRequest request = For({"driver:trips", "airport:lat"});
  request.set_full_feature_names(true);
  request.set_include_feature_view_version_metadata(true);
  AddInt(request, "driver_id", 1);
  AddText(request, "code", "ZRH");
  const auto response = Get(request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_THAT(Names(*response), ElementsAre("code", "driver_id", "driver__trips", "airport__lat"));
  EXPECT_EQ(response->results(2).values(0).int64_val(), 7);
  EXPECT_EQ(response->results(3).statuses(0), serving::PRESENT) << "a view without a version";
  EXPECT_EQ(response->metadata().feature_view_metadata(0).name(), "driver");
  EXPECT_EQ(response->metadata().feature_view_metadata(0).version(), 3);
}

TEST_F(OnlineFeaturesTest, AServiceMayBeBoundToAVersionOfItsView) {
  registry_.mutable_feature_views(2)->mutable_meta()->set_current_version_number(3);
  auto* projections = registry_.mutable_feature_services(0)->mutable_spec()->mutable_features();
  projections->Mutable(0)->set_version_tag(2);
  options_.layout.versioned_views = true;
  store_.Put("airport_v2", TextKey("code", "ZRH"), "lat", "290000000000000040", kNow);
  store_.Put("airport_v3", TextKey("code", "ZRH"), "lat", "290000000000000840", kNow);
  GetOnlineFeaturesRequest request;
  request.set_feature_service("trip");
  request.set_full_feature_names(true);
  AddText(request, "from", "ZRH");
  AddText(request, "to", "ZRH");
  const auto response = Get(request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->results(2).values(0).double_val(), 2.0);
  EXPECT_EQ(response->results(3).values(0).double_val(), 3.0);

  features_.reset();
  options_.layout.versioned_views = false;
  EXPECT_EQ(Get(request).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(OnlineFeaturesTest, TheCurrentVersionOfAViewMayBeNamed) {
  registry_.mutable_feature_views(0)->mutable_meta()->set_current_version_number(3);
  GetOnlineFeaturesRequest request = For({"driver@v3:trips"});
  AddInt(request, "driver_id", 1);
  EXPECT_TRUE(Get(request).ok());
  request.mutable_features()->set_val(0, "driver@v2:trips");
  EXPECT_EQ(Get(request).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(OnlineFeaturesTest, KeysOfAnotherVersionAreReportedOnceForEachView) {
  const EntityKeyLayout old(KeyVersion::kV2, {{"driver_id", ValueType::kInt64}});
  Value id;
  id.set_int64_val(1);
  const Value* const pointer = &id;
  std::string key;
  ASSERT_TRUE(old.Append({&pointer, 1}, &key).ok());
  store_.Put("driver", key, "trips", "2007", kNow);
  GetOnlineFeaturesRequest request = For({"driver:trips"});
  AddInt(request, "driver_id", 1);

  ::testing::internal::CaptureStderr();
  for (int i = 0; i < 3; ++i) {
    const auto response = Get(request);
    ASSERT_TRUE(response.ok()) << response.status();
    EXPECT_THAT(response->results(1).statuses(), ElementsAre(serving::NOT_FOUND));
  }
  const std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(log, HasSubstr(R"("view":"driver","key_version":"3","found":"2")"));
  EXPECT_EQ(store_.reads, 3 + 3) << "3-legacy, 2 and 1, at the first answer only";
}

TEST_F(OnlineFeaturesTest, AnEntityThatIsNotStoredDoesNotSpendTheProbe) {
  const EntityKeyLayout old(KeyVersion::kV1, {{"code", ValueType::kString}});
  Value code;
  code.set_string_val("ZRH");
  const Value* const pointer = &code;
  std::string key;
  ASSERT_TRUE(old.Append({&pointer, 1}, &key).ok());
  store_.Put("airport", key, "lat", "290000000000000040", kNow);
  const auto ask = [&](const char* text) {
    GetOnlineFeaturesRequest request = For({"airport:lat"});
    AddText(request, "code", text);
    EXPECT_TRUE(Get(request).ok());
  };
  ::testing::internal::CaptureStderr();
  ask("nowhere");
  ask("ZRH");  // Too soon after the last probe.
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  call_.loop.Advance(std::chrono::seconds(10));
  call_.context.deadline = call_.clock.Now() + std::chrono::seconds(1);
  ::testing::internal::CaptureStderr();
  ask("ZRH");
  call_.loop.Advance(std::chrono::seconds(10));
  ask("ZRH");
  const std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 1) << log;
  EXPECT_THAT(log, HasSubstr(R"("view":"airport","key_version":"3","found":"2 or 1")"))
      << "a key of text is the same in both";
}

TEST_F(OnlineFeaturesTest, WhatHasNoRowsSaysNothingAboutKeys) {
  GetOnlineFeaturesRequest request = For({"driver:trips"});
  (*request.mutable_entities())["driver_id"];
  ASSERT_TRUE(Get(request).ok());
  EXPECT_EQ(store_.reads, 1);
}

TEST_F(OnlineFeaturesTest, AViewThatHasAnythingIsNotProbed) {
  store_.Put("driver", DriverKey(1), "trips", "2007", kNow);
  GetOnlineFeaturesRequest request = For({"driver:trips"});
  AddInt(request, "driver_id", 2);
  AddInt(request, "driver_id", 1);
  ASSERT_TRUE(Get(request).ok());
  EXPECT_EQ(store_.reads, 1);
}

}  // namespace
}  // namespace tournant
