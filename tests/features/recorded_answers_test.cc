// Reads every answer that Feast's own gRPC server gave to the conformance requests, over SQLite and
// over Redis, and compares each cell with what the store is known to hold.

#include <fstream>
#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "feast/serving/ServingService.pb.h"
#include "features/fetch_codec.h"
#include "features/testing.h"
#include "features/value_reader.h"
#include "gtest/gtest.h"

namespace tournant {
namespace {

using nlohmann::json;

template <class Message>
Message Decode(const json& base64) {
  std::string bytes;
  Message message;
  EXPECT_TRUE(absl::Base64Unescape(base64.get<std::string>(), &bytes));
  EXPECT_TRUE(message.ParseFromString(bytes));
  return message;
}

CellState StateNamed(const std::string& name) {
  if (name == "value") return CellState::kValue;
  return name == "null" ? CellState::kNull : CellState::kAbsent;
}

void ExpectSameElements(const FetchedFeatures& a, size_t feature, size_t row,
                        const FetchedFeatures& b) {
  ASSERT_EQ(a.size(feature, row), b.size(0, 0));
  for (size_t i = 0; i < b.size(0, 0); ++i) {
    const Element x = a.element(feature, row, i);
    const Element y = b.element(0, 0, i);
    EXPECT_EQ(x.kind, y.kind);
    EXPECT_EQ(x.integer, y.integer);
    EXPECT_EQ(x.floating, y.floating);
    EXPECT_EQ(x.text, y.text);
  }
}

// Compares one recorded answer; the number of cells.
int Compare(const json& recorded, const json& answer, bool over_redis) {
  const json& stored = recorded["stored"];
  FetchPlan plan;
  std::map<std::string, const json*> columns;
  for (const json& column : stored) columns.emplace(column["ref"].get<std::string>(), &column);
  for (const auto& [ref, column] : columns) plan.features.push_back({ref, {}});
  const json& entities = recorded["request"]["entities"];
  for (const auto& [key, values] : entities.items()) plan.keys.push_back({key, {}, 0});
  plan.Index();
  const std::vector<KeyColumn> keys(plan.keys.size());
  const std::vector<uint8_t> wanted(plan.features.size(), 1);
  const int64_t rows = static_cast<int64_t>(stored[0]["state"].size());
  const FetchRequest request{plan, keys, wanted, rows, TimePoint()};
  const auto fetched = ReadFetchResponse(
      request, Decode<feast::serving::GetOnlineFeaturesResponse>(answer["response_b64"]));
  EXPECT_TRUE(fetched.ok()) << fetched.status();
  if (!fetched.ok()) return 0;
  int cells = 0;
  for (size_t feature = 0; feature < plan.features.size(); ++feature) {
    const json& column = *columns.at(plan.features[feature].ref);
    for (size_t row = 0; row < static_cast<size_t>(rows); ++row) {
      if (column["state"][row].is_null()) continue;
      SCOPED_TRACE(absl::StrCat(plan.features[feature].ref, " row ", row));
      const CellState expected = StateNamed(column["state"][row].get<std::string>());
      EXPECT_EQ(fetched->state(feature, row), expected);
      ++cells;
      if (expected != CellState::kValue) continue;
      FetchedFeatures truth(1, 1);
      EXPECT_TRUE(ReadValue(Decode<feast::types::Value>(column["value_b64"][row]), 0, 0, truth));
      ExpectSameElements(*fetched, feature, row, truth);
      // The recorded times are SQLite's whole seconds; Redis has the fraction.
      const int64_t seconds = fetched->event_time_us(feature, row) / 1'000'000;
      EXPECT_EQ(seconds, column["event_ts"][row].get<int64_t>()) << over_redis;
    }
  }
  return cells;
}

TEST(RecordedAnswers, EveryCellOfEveryAnswerIsReadAsWhatTheStoreHolds) {
  std::ifstream file(std::string(TOURNANT_TEST_DATA_DIR) + "/cases.jsonl");
  std::string line;
  int answers = 0;
  int cells = 0;
  while (std::getline(file, line)) {
    const json recorded = json::parse(line);
    if (!recorded.contains("stored") || recorded["stored"].is_null()) continue;
    if (recorded["stored"].empty()) continue;
    for (const char* store : {"sqlite", "redis"}) {
      const json& answer = recorded["grpc"][store];
      if (answer["code"] != "OK") continue;
      SCOPED_TRACE(absl::StrCat(recorded["id"].get<std::string>(), " over ", store));
      cells += Compare(recorded, answer, std::string(store) == "redis");
      ++answers;
    }
  }
  EXPECT_GT(answers, 80);
  EXPECT_GT(cells, 1000);
}

}  // namespace
}  // namespace tournant
