#include "conformance/recorded_cases.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace tournant {
namespace {

std::string Decoded(const nlohmann::json& base64) {
  std::string bytes;
  if (!absl::Base64Unescape(base64.get<std::string>(), &bytes)) {
    throw std::runtime_error("cases.jsonl: bad base64");
  }
  return bytes;
}

StoredColumn ReadStored(const nlohmann::json& column) {
  StoredColumn stored;
  stored.ref = column["ref"];
  for (size_t row = 0; row < column["state"].size(); ++row) {
    const std::string state = column["state"][row];
    stored.states.push_back(state == "value"  ? StoredColumn::State::kValue
                            : state == "null" ? StoredColumn::State::kNull
                                              : StoredColumn::State::kAbsent);
    stored.stale.push_back(column["stale"][row]);
    stored.event_seconds.push_back(column["event_ts"][row]);
    stored.values.push_back(Decoded(column["value_b64"][row]));
  }
  return stored;
}

RecordedAnswer ReadAnswer(const nlohmann::json& grpc) {
  RecordedAnswer answer;
  answer.ok = grpc["code"] == "OK";
  if (answer.ok && !answer.response.ParseFromString(Decoded(grpc["response_b64"]))) {
    throw std::runtime_error("cases.jsonl: bad response");
  }
  return answer;
}

std::vector<RecordedCase> ReadCases() {
  std::ifstream file(DataFile("cases.jsonl"));
  std::vector<RecordedCase> cases;
  for (std::string line; std::getline(file, line);) {
    const nlohmann::json json = nlohmann::json::parse(line);
    RecordedCase& recorded = cases.emplace_back();
    recorded.id = json["id"];
    if (!recorded.request.ParseFromString(Decoded(json["request_b64"]))) {
      throw std::runtime_error("cases.jsonl: bad request in " + recorded.id);
    }
    recorded.on_sqlite = ReadAnswer(json["grpc"]["sqlite"]);
    recorded.on_redis = ReadAnswer(json["grpc"]["redis"]);
    if (!json.contains("stored") || json["stored"].is_null()) continue;
    for (const nlohmann::json& column : json["stored"]) {
      recorded.stored.push_back(ReadStored(column));
    }
  }
  return cases;
}

}  // namespace

std::string DataFile(absl::string_view name) {
  return absl::StrCat(TOURNANT_TEST_DATA_DIR, "/", name);
}

const std::vector<RecordedCase>& RecordedCases() {
  static const auto* const cases = new std::vector<RecordedCase>(ReadCases());
  return *cases;
}

const RecordedCase& RecordedCaseById(absl::string_view id) {
  for (const RecordedCase& recorded : RecordedCases()) {
    if (recorded.id == id) return recorded;
  }
  throw std::runtime_error(absl::StrCat("cases.jsonl has no case ", id));
}

std::ostream& operator<<(std::ostream& out, const RecordedCase& recorded) {
  return out << recorded.id;
}

}  // namespace tournant
