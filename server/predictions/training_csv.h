#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "tournant/prediction.pb.h"

namespace tournant {

// A model's predictions as data to train or check a model with (CSV, RFC 4180): a line for each row
// of each call that was answered OK, a column for each element. A column is called
// "request_id", "time", "model", "version", "row", "degraded", "input.NAME", "feature.VIEW:NAME",
// "age_seconds.VIEW:NAME" or "output.NAME", with "[I]" behind where a row has several elements, and
// then ":" and its type: the protocol's datatype, or TIMESTAMP (RFC 3339). A cell without a value
// is empty. Tensors of more than kMaxWidth elements a row, and what a record does not hold, are
// left out; a column that is not always of one type is BYTES.
//
// A value that stood in for one that the feature store did not give looks like any other.
// "degraded" says of a whole call that it has such values because of an error, a timeout or
// staleness; with provenance each feature has a "source.VIEW:NAME" ("live", "cached", "stale",
// "defaulted" or "from_request"), and an "event_time.VIEW:NAME" that is empty where it is not
// known.
//
// The columns have to be known before the first line: Observe every record, then write. One thread.
class TrainingCsv {
 public:
  static constexpr size_t kMaxWidth = 4096;

  explicit TrainingCsv(bool provenance = false) : provenance_(provenance) {}

  void Observe(const LoggedPrediction& record);

  // Lines end in "\n".
  std::string Header() const;
  std::string Lines(const LoggedPrediction& record) const;

 private:
  struct Group {
    std::string name;
    std::string type;
    size_t width = 1;
  };
  enum class Part { kValues, kSource, kEventTime };
  // A tensor of a record under its name here, or what is known about a feature.
  struct Values {
    std::string name;
    const LoggedTensor* tensor = nullptr;
    const LoggedColumn* column = nullptr;  // Of a feature.
    Part part = Part::kValues;
  };
  // The cells of a group in the rows of one record.
  class Cells;

  std::vector<Values> ValuesOf(const LoggedPrediction& record) const;

  const bool provenance_;
  std::vector<Group> groups_;  // In the order in which they were first seen.
  absl::flat_hash_map<std::string, size_t> by_name_;
};

}  // namespace tournant
