#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "feast/serving/ServingService.pb.h"

namespace tournant {

// What a store holds for one requested feature, row by row, read without Feast.
struct StoredColumn {
  enum class State { kValue, kNull, kAbsent };
  std::string ref;  // "view:feature", the view under its alias
  std::vector<State> states;
  std::vector<bool> stale;  // at kRecordedNow
  std::vector<int64_t> event_seconds;
  std::vector<std::string> values;  // serialized
};

// What Feast's gRPC server said.
struct RecordedAnswer {
  bool ok = false;
  feast::serving::GetOnlineFeaturesResponse response;
};

// One line of cases.jsonl.
struct RecordedCase {
  std::string id;
  feast::serving::GetOnlineFeaturesRequest request;
  RecordedAnswer on_sqlite;
  RecordedAnswer on_redis;
  std::vector<StoredColumn> stored;  // empty where the request has no such cells
};

// The clock of the freshness in `stored`: 2013-07-15T00:00:00Z.
inline constexpr int64_t kRecordedNow = 1373846400;

std::string DataFile(absl::string_view name);
// All of them, in the file's order; read once.
const std::vector<RecordedCase>& RecordedCases();
const RecordedCase& RecordedCaseById(absl::string_view id);

std::ostream& operator<<(std::ostream& out, const RecordedCase& recorded);

}  // namespace tournant
