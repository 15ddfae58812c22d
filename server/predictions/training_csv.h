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
// "request_id", "time", "model", "version", "row", "input.NAME", "feature.VIEW:NAME",
// "age_seconds.VIEW:NAME" or "output.NAME", with "[I]" behind where a row has several elements, and
// then ":" and its type: the protocol's datatype, or TIMESTAMP (RFC 3339). A cell without a value
// is empty. Tensors of more than kMaxWidth elements a row, and what a record does not hold, are
// left out; a column that is not always of one type is BYTES.
//
// The columns have to be known before the first line: Observe every record, then write. One thread.
class TrainingCsv {
 public:
  static constexpr size_t kMaxWidth = 4096;

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
  // A tensor of a record under its name here, and its elements.
  struct Values {
    std::string name;
    const LoggedTensor* tensor = nullptr;
  };

  static std::vector<Values> ValuesOf(const LoggedPrediction& record);

  std::vector<Group> groups_;  // In the order in which they were first seen.
  absl::flat_hash_map<std::string, size_t> by_name_;
};

}  // namespace tournant
