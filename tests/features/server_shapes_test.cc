// The same question, answered as each of Feast's servers answers it: in the words of the matrix of
// Feast 0.66 (sdk/python/feast/utils.py, go/internal/feast/onlineserving/serving.go and Java's
// OnlineServingServiceV2). What the client reads out of the answers must not depend on the server.

#include <gtest/gtest.h>

#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "feast/serving/ServingService.pb.h"
#include "features/fetch_codec.h"
#include "features/testing.h"

namespace tournant {
namespace {

using feast::serving::FieldStatus;
using feast::serving::GetOnlineFeaturesResponse;
using feast::serving::NOT_FOUND;
using feast::serving::OUTSIDE_MAX_AGE;
using feast::serving::PRESENT;

constexpr int64_t kNow = 1'373'846'400;
constexpr int64_t kTime = kNow - 60;

struct Cell {
  std::optional<double> value;
  FieldStatus status;
  int64_t seconds;
};

struct Shape {
  std::string server;
  std::vector<std::pair<std::string, std::vector<Cell>>> columns;
  std::vector<std::string> hidden_names = {};  // In the metadata, without a column of results.
};

void PrintTo(const Shape& shape, std::ostream* out) { *out << shape.server; }

GetOnlineFeaturesResponse Answer(const Shape& shape) {
  GetOnlineFeaturesResponse answer;
  for (const auto& [name, cells] : shape.columns) {
    answer.mutable_metadata()->mutable_feature_names()->add_val(name);
    auto& column = *answer.add_results();
    for (const Cell& cell : cells) {
      auto& value = *column.add_values();
      if (cell.value && name == "n") value.set_int64_val(static_cast<int64_t>(*cell.value));
      if (cell.value && name != "n") value.set_double_val(*cell.value);
      column.add_statuses(cell.status);
      column.add_event_timestamps()->set_seconds(cell.seconds);
    }
  }
  for (const std::string& name : shape.hidden_names) {
    answer.mutable_metadata()->mutable_feature_names()->add_val(name);
  }
  return answer;
}

// Rows 7, 8 and 9 of view "a". 7 has x; its y is a stored null. 8 is not in the store. 9 has both,
// and is past the view's time to live.
class OneServersShapeTest : public ::testing::Test {
 protected:
  static FetchPlan Plan() {
    FetchPlan plan;
    plan.features = {{"a:x", {0}}, {"a:y", {0}}};
    plan.keys = {{"n", ValueType::kInt64, 0}};
    plan.Index();
    return plan;
  }
  FetchedFeatures Read(const GetOnlineFeaturesResponse& answer) const {
    auto fetched = ReadFetchResponse({plan_, keys_, wanted_, 3, TimePoint()}, answer);
    EXPECT_TRUE(fetched.ok()) << fetched.status();
    return *std::move(fetched);
  }

  const FetchPlan plan_ = Plan();
  const std::vector<KeyColumn> keys_{{ValueType::kInt64, {7, 8, 9}, {}}};
  const std::vector<uint8_t> wanted_{1, 1};
};

class ServerShapesTest : public OneServersShapeTest, public ::testing::WithParamInterface<Shape> {};

TEST_P(ServerShapesTest, TheSameCellsAreRead) {
  const FetchedFeatures fetched = Read(Answer(GetParam()));
  EXPECT_EQ(fetched.state(0, 0), CellState::kValue);
  EXPECT_EQ(fetched.element(0, 0, 0).floating, 1.5);
  EXPECT_EQ(fetched.event_time_us(0, 0), kTime * 1'000'000);
  // Java says of a stored null what it says of an absent entity: the value is unknown either way.
  const bool java = GetParam().server == "Java";
  EXPECT_EQ(fetched.state(1, 0), java ? CellState::kAbsent : CellState::kNull);
  EXPECT_EQ(fetched.state(0, 1), CellState::kAbsent);
  EXPECT_EQ(fetched.state(1, 1), CellState::kAbsent);
  EXPECT_EQ(fetched.event_time_us(0, 1), FetchedFeatures::kUnknownTime);
  EXPECT_EQ(fetched.element(0, 2, 0).floating, 3.5);
  EXPECT_EQ(fetched.element(1, 2, 0).floating, 4.5);
  EXPECT_EQ(fetched.event_time_us(0, 2), (kNow - 9000) * 1'000'000)
      << "by which the plan's max_age decides, whatever the status says";
}

INSTANTIATE_TEST_SUITE_P(
    OfEachServer, ServerShapesTest,
    ::testing::Values(
        // Key columns first, stamped with now; full names with two underscores.
        Shape{"Go",
              {{"n", {{7, PRESENT, kNow}, {8, PRESENT, kNow}, {9, PRESENT, kNow}}},
               {"a__x",
                {{1.5, PRESENT, kTime}, {{}, NOT_FOUND, 0}, {3.5, OUTSIDE_MAX_AGE, kNow - 9000}}},
               {"a__y",
                {{{}, PRESENT, kTime}, {{}, NOT_FOUND, 0}, {4.5, OUTSIDE_MAX_AGE, kNow - 9000}}}}},
        // No key columns; names with a colon whatever is asked; more names than columns when
        // on-demand views had sources.
        Shape{"Java",
              {{"a:x",
                {{1.5, PRESENT, kTime}, {{}, NOT_FOUND, 0}, {3.5, OUTSIDE_MAX_AGE, kNow - 9000}}},
               {"a:y",
                {{{}, NOT_FOUND, 0}, {{}, NOT_FOUND, 0}, {4.5, OUTSIDE_MAX_AGE, kNow - 9000}}}},
              {"b:source"}},
        // Features in the order of a set; the time to live is not looked at.
        Shape{"Python over SQLite",
              {{"n", {{7, PRESENT, 0}, {8, PRESENT, 0}, {9, PRESENT, 0}}},
               {"a__y", {{{}, PRESENT, kTime}, {{}, NOT_FOUND, 0}, {4.5, PRESENT, kNow - 9000}}},
               {"a__x", {{1.5, PRESENT, kTime}, {{}, NOT_FOUND, 0}, {3.5, PRESENT, kNow - 9000}}}}},
        // An entity that does not exist is PRESENT too.
        Shape{"Python over Redis",
              {{"n", {{7, PRESENT, 0}, {8, PRESENT, 0}, {9, PRESENT, 0}}},
               {"a__x", {{1.5, PRESENT, kTime}, {{}, PRESENT, 0}, {3.5, PRESENT, kNow - 9000}}},
               {"a__y", {{{}, PRESENT, kTime}, {{}, PRESENT, 0}, {4.5, PRESENT, kNow - 9000}}}}},
        // Without full names, as a proxy in front of any of them may ask.
        Shape{"short names",
              {{"y", {{{}, PRESENT, kTime}, {{}, NOT_FOUND, 0}, {4.5, PRESENT, kNow - 9000}}},
               {"x", {{1.5, PRESENT, kTime}, {{}, NOT_FOUND, 0}, {3.5, PRESENT, kNow - 9000}}}}}));

TEST_F(OneServersShapeTest, GosUnknownFeatureOfAKnownViewIsACellThatIsNotFound) {
  const Shape go{"Go",
                 {{"a__x", {{1.5, PRESENT, kTime}, {2.5, PRESENT, kTime}, {3.5, PRESENT, kTime}}},
                  {"a__y", {{{}, NOT_FOUND, 0}, {{}, NOT_FOUND, 0}, {{}, NOT_FOUND, 0}}}}};
  const FetchedFeatures fetched = Read(Answer(go));
  for (size_t row = 0; row < 3; ++row) {
    EXPECT_EQ(fetched.state(0, row), CellState::kValue);
    EXPECT_EQ(fetched.state(1, row), CellState::kAbsent);
  }
}

TEST_F(OneServersShapeTest, ACellOutsideMaxAgeIsToldApartFromAFreshOne) {
  const Shape go{"Go",
                 {{"a__x", {{1, PRESENT, kTime}, {2, OUTSIDE_MAX_AGE, kTime}, {3, PRESENT, kTime}}},
                  {"a__y", {{1, PRESENT, kTime}, {2, PRESENT, kTime}, {3, PRESENT, kTime}}}}};
  const FetchedFeatures fetched = Read(Answer(go));
  EXPECT_FALSE(fetched.outside_max_age(0, 0));
  EXPECT_TRUE(fetched.outside_max_age(0, 1));
  EXPECT_FALSE(fetched.outside_max_age(1, 1));
}

TEST_F(OneServersShapeTest, RowsThatPythonsPrecomputedPathMixesUpAreRefused) {
  // feast-dev/feast issue 6805: duplicate rows come back as the rows of others.
  const Shape python{"Python",
                     {{"n", {{7, PRESENT, 0}, {9, PRESENT, 0}, {8, PRESENT, 0}}},
                      {"a__x", {{1, PRESENT, kTime}, {3, PRESENT, kTime}, {2, PRESENT, kTime}}}}};
  EXPECT_EQ(
      ReadFetchResponse({plan_, keys_, wanted_, 3, TimePoint()}, Answer(python)).status().code(),
      absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace tournant
