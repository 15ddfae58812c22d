#include "features/fetch_codec.h"

#include <limits>

#include "feast/serving/ServingService.pb.h"
#include "features/testing.h"
#include "gtest/gtest.h"

namespace tournant {
namespace {

using feast::serving::FieldStatus;
using feast::serving::GetOnlineFeaturesRequest;
using feast::serving::GetOnlineFeaturesResponse;
using feast::types::Value;

constexpr int64_t kTime = 1'373'846'400;

// Two views with keys of their own: "a" by the integer `n`, "b" by the text `s`.
FetchPlan TwoViews() {
  FetchPlan plan;
  plan.features = {{"a:x", {0}}, {"a:y", {0}}, {"b:x", {1}}};
  plan.keys = {{"n", ValueType::kInt32, 0}, {"s", ValueType::kString, 1}};
  plan.Index();
  return plan;
}

class FetchCodecTest : public ::testing::Test {
 protected:
  FetchRequest Request() const { return {plan_, keys_, wanted_, rows_, TimePoint()}; }
  GetOnlineFeaturesRequest Write() const {
    GetOnlineFeaturesRequest message;
    WriteFetchRequest(Request(), message);
    return message;
  }

  GetOnlineFeaturesResponse::FeatureVector& AddColumn(const std::string& name) {
    response_.mutable_metadata()->mutable_feature_names()->add_val(name);
    return *response_.add_results();
  }
  // One cell of a column of one row.
  Value& AddCell(const std::string& name, FieldStatus status, int64_t seconds) {
    auto& column = AddColumn(name);
    column.add_statuses(status);
    column.add_event_timestamps()->set_seconds(seconds);
    return *column.add_values();
  }
  FetchedFeatures Read() const {
    auto fetched = ReadFetchResponse(Request(), response_);
    EXPECT_TRUE(fetched.ok()) << fetched.status();
    return *std::move(fetched);
  }

  FetchPlan plan_ = TwoViews();
  std::vector<KeyColumn> keys_{{ValueType::kInt32, {7}, {}}, {ValueType::kString, {}, {"JFK"}}};
  std::vector<uint8_t> wanted_{1, 1, 1};
  int64_t rows_ = 1;
  GetOnlineFeaturesResponse response_;
};

TEST_F(FetchCodecTest, AsksByRefsWithTypedKeysAndFullNames) {
  rows_ = 2;
  keys_ = {{ValueType::kInt32, {7, 8}, {}}, {ValueType::kString, {}, {"JFK", "EWR"}}};
  const GetOnlineFeaturesRequest message = Write();
  ASSERT_EQ(message.features().val_size(), 3);
  EXPECT_EQ(message.features().val(2), "b:x");
  EXPECT_TRUE(message.full_feature_names());
  ASSERT_EQ(message.entities().size(), 2u);
  EXPECT_EQ(message.entities().at("n").val(1).int32_val(), 8);
  EXPECT_EQ(message.entities().at("s").val(0).string_val(), "JFK");
}

TEST_F(FetchCodecTest, LeavesOutKeysThatNothingWantedNeeds) {
  wanted_ = {0, 1, 0};
  const GetOnlineFeaturesRequest message = Write();
  ASSERT_EQ(message.features().val_size(), 1);
  EXPECT_EQ(message.features().val(0), "a:y");
  ASSERT_EQ(message.entities().size(), 1u);
  EXPECT_TRUE(message.entities().contains("n"));
}

TEST_F(FetchCodecTest, AsksByServiceWhereOneIsNamed) {
  plan_.feature_service = "svc";
  const GetOnlineFeaturesRequest message = Write();
  EXPECT_EQ(message.feature_service(), "svc");
  EXPECT_FALSE(message.has_features());
}

TEST_F(FetchCodecTest, FindsColumnsByNameInAnyOrderAmongOthers) {
  AddCell("n", FieldStatus::PRESENT, 0).set_int32_val(7);
  AddCell("b__x", FieldStatus::PRESENT, kTime).set_int64_val(3);
  AddCell("other__z", FieldStatus::PRESENT, kTime).set_int64_val(9);
  AddCell("y", FieldStatus::PRESENT, kTime).set_int64_val(2);
  AddCell("a:x", FieldStatus::PRESENT, kTime).set_int64_val(1);
  const FetchedFeatures fetched = Read();
  EXPECT_EQ(fetched.element(0, 0, 0).integer, 1);
  EXPECT_EQ(fetched.element(1, 0, 0).integer, 2);
  EXPECT_EQ(fetched.element(2, 0, 0).integer, 3);
  EXPECT_EQ(fetched.event_time_us(2, 0), kTime * 1'000'000);
}

TEST_F(FetchCodecTest, AFullNameWinsOverAShortOne) {
  plan_ = FetchPlan();
  plan_.features = {{"a:b__c", {}}, {"z:q", {}}};
  plan_.keys = {};
  plan_.Index();
  wanted_ = {1, 1};
  AddCell("q", FieldStatus::PRESENT, kTime).set_int64_val(1);
  AddCell("z__q", FieldStatus::PRESENT, kTime).set_int64_val(2);
  EXPECT_EQ(Read().element(1, 0, 0).integer, 2);
}

TEST_F(FetchCodecTest, AFeatureThatTheAnswerLacksIsUnusable) {
  AddCell("a__x", FieldStatus::PRESENT, kTime).set_int64_val(1);
  // A name without a column, as Java's server may send.
  response_.mutable_metadata()->mutable_feature_names()->add_val("a__y");
  const FetchedFeatures fetched = Read();
  EXPECT_EQ(fetched.state(0, 0), CellState::kValue);
  EXPECT_EQ(fetched.state(1, 0), CellState::kUnusable);
}

TEST_F(FetchCodecTest, ReadsACellByValueAndTimeAndStatusTogether) {
  struct Case {
    FieldStatus status;
    int64_t time;
    bool value;
    CellState state;
  };
  for (const Case& c :
       std::vector<Case>{{FieldStatus::PRESENT, kTime, true, CellState::kValue},
                         {FieldStatus::OUTSIDE_MAX_AGE, kTime, true, CellState::kValue},
                         {FieldStatus::NOT_FOUND, 0, true, CellState::kValue},
                         {FieldStatus::PRESENT, kTime, false, CellState::kNull},
                         {FieldStatus::OUTSIDE_MAX_AGE, kTime, false, CellState::kNull},
                         {FieldStatus::NULL_VALUE, kTime, false, CellState::kNull},
                         // Python over Redis, for an entity that does not exist.
                         {FieldStatus::PRESENT, 0, false, CellState::kAbsent},
                         {FieldStatus::NOT_FOUND, 0, false, CellState::kAbsent},
                         {FieldStatus::NOT_FOUND, kTime, false, CellState::kAbsent},
                         {FieldStatus::INVALID, kTime, false, CellState::kUnusable}}) {
    response_.Clear();
    Value& value = AddCell("a__x", c.status, c.time);
    if (c.value) value.set_double_val(0.5);
    const FetchedFeatures fetched = Read();
    EXPECT_EQ(fetched.state(0, 0), c.state) << c.status << " " << c.time << " " << c.value;
    EXPECT_EQ(fetched.outside_max_age(0, 0), c.status == FieldStatus::OUTSIDE_MAX_AGE);
  }
}

TEST_F(FetchCodecTest, TheExplicitNullAndTheTimestampOfNothingAreNulls) {
  AddCell("a__x", FieldStatus::PRESENT, kTime).set_null_val(feast::types::NULL_);
  AddCell("a__y", FieldStatus::PRESENT, kTime)
      .set_unix_timestamp_val(std::numeric_limits<int64_t>::min());
  AddCell("b__x", FieldStatus::PRESENT, kTime)
      .set_int64_val(std::numeric_limits<int64_t>::min());  // A number like any other.
  const FetchedFeatures fetched = Read();
  EXPECT_EQ(fetched.state(0, 0), CellState::kNull);
  EXPECT_EQ(fetched.state(1, 0), CellState::kNull);
  EXPECT_EQ(fetched.state(2, 0), CellState::kValue);
}

TEST_F(FetchCodecTest, ZeroFalseAndTheEmptyStringAreValues) {
  AddCell("a__x", FieldStatus::PRESENT, kTime).set_int64_val(0);
  AddCell("a__y", FieldStatus::PRESENT, kTime).set_bool_val(false);
  AddCell("b__x", FieldStatus::PRESENT, kTime).set_string_val("");
  const FetchedFeatures fetched = Read();
  EXPECT_EQ(fetched.element(0, 0, 0).integer, 0);
  EXPECT_EQ(fetched.element(1, 0, 0).kind, Element::Kind::kInteger);
  EXPECT_EQ(fetched.element(2, 0, 0).kind, Element::Kind::kText);
}

TEST_F(FetchCodecTest, ReadsListsAndRefusesMaps) {
  auto* floats = AddCell("a__x", FieldStatus::PRESENT, kTime).mutable_float_list_val();
  floats->add_val(1.5f);
  floats->add_val(2.5f);
  auto* texts = AddCell("a__y", FieldStatus::PRESENT, kTime).mutable_string_list_val();
  texts->add_val("p");
  texts->add_val("");
  texts->add_val("q");
  AddCell("b__x", FieldStatus::PRESENT, kTime).mutable_map_val();
  const FetchedFeatures fetched = Read();
  ASSERT_EQ(fetched.size(0, 0), 2u);
  EXPECT_EQ(fetched.element(0, 0, 1).floating, 2.5);
  ASSERT_EQ(fetched.size(1, 0), 3u);
  EXPECT_EQ(fetched.element(1, 0, 1).text, "");
  EXPECT_EQ(fetched.element(1, 0, 2).text, "q");
  EXPECT_EQ(fetched.state(2, 0), CellState::kUnusable);
}

TEST_F(FetchCodecTest, KeepsFractionsOfEventTimesAndDistrustsOnesBefore1970) {
  auto& column = AddColumn("a__x");
  rows_ = 3;
  for (int i = 0; i < 3; ++i) column.add_values()->set_int64_val(i);
  auto* time = column.add_event_timestamps();
  time->set_seconds(10);
  time->set_nanos(500'000'999);
  column.add_event_timestamps()->set_seconds(-5);
  const FetchedFeatures fetched = Read();
  EXPECT_EQ(fetched.event_time_us(0, 0), 10'500'000);
  EXPECT_EQ(fetched.event_time_us(0, 1), FetchedFeatures::kUnknownTime);
  EXPECT_EQ(fetched.event_time_us(0, 2), FetchedFeatures::kUnknownTime);  // Not sent at all.
}

TEST_F(FetchCodecTest, AnAnswerOfAnotherNumberOfRowsIsAnError) {
  rows_ = 2;
  AddCell("a__x", FieldStatus::PRESENT, kTime).set_int64_val(1);
  const auto fetched = ReadFetchResponse(Request(), response_);
  EXPECT_EQ(fetched.status().code(), absl::StatusCode::kInternal);
  EXPECT_EQ(fetched.status().message(), "the feature store answered 1 rows of 'a:x' instead of 2");
}

// Two rows of "a:x", with the key columns that Feast's servers send back.
class KeyEchoTest : public FetchCodecTest {
 protected:
  KeyEchoTest() {
    rows_ = 2;
    wanted_ = {1, 0, 0};
    keys_ = {{ValueType::kInt32, {7, 8}, {}}, {ValueType::kString, {}, {"JFK", "EWR"}}};
    auto& column = AddColumn("a__x");
    for (const int64_t value : {70, 80}) {
      column.add_values()->set_int64_val(value);
      column.add_statuses(FieldStatus::PRESENT);
      column.add_event_timestamps()->set_seconds(kTime);
    }
  }
  absl::Status ReadStatus() const { return ReadFetchResponse(Request(), response_).status(); }
};

TEST_F(KeyEchoTest, RowsInAnotherOrderAreNoAnswer) {
  auto& echo = AddColumn("n");
  echo.add_values()->set_int32_val(8);
  echo.add_values()->set_int32_val(7);
  const absl::Status status = ReadStatus();
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(status.message(), "the feature store answered another 'n' than was asked for in row 0");
}

TEST_F(KeyEchoTest, TextsAreComparedToo) {
  auto& echo = AddColumn("s");
  echo.add_values()->set_string_val("JFK");
  echo.add_values()->set_string_val("LGA");
  EXPECT_EQ(ReadStatus().message(),
            "the feature store answered another 's' than was asked for in row 1");
}

TEST_F(KeyEchoTest, AnIntegerOfAnotherWidthIsTheSameKey) {
  auto& echo = AddColumn("n");
  echo.add_values()->set_int64_val(7);
  echo.add_values()->set_int64_val(8);
  EXPECT_TRUE(ReadStatus().ok());
}

TEST_F(KeyEchoTest, WhatCannotBeComparedIsNoReasonToRefuseAnAnswer) {
  auto& echo = AddColumn("n");
  echo.add_values()->set_double_val(9);
  echo.add_values();
  AddColumn("s").add_values()->set_string_val("LGA");
  EXPECT_TRUE(ReadStatus().ok());
}

}  // namespace
}  // namespace tournant
