#include "predictions/training_csv.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "predictions/csv_cell.h"
#include "predictions/prediction_json.h"
#include "predictions/tensor_values.h"

namespace tournant {
namespace {

// A record holds no more rows than a batch can have had.
size_t RowsOf(const LoggedPrediction& record) {
  return std::clamp<uint64_t>(record.rows(), 1, 1'000'000);
}

// Elements of a row; 0 for a tensor without a row for each.
size_t WidthOf(const LoggedTensor& tensor, size_t rows, size_t values) {
  const bool by_row = tensor.shape_size() > 0 && static_cast<uint64_t>(tensor.shape(0)) == rows;
  if (!by_row && rows != 1) return 0;
  return values % rows == 0 ? values / rows : 0;
}

bool Answered(const LoggedPrediction& record) {
  return record.status_code() == 0 && record.rows() > 0;
}

}  // namespace

std::vector<TrainingCsv::Values> TrainingCsv::ValuesOf(const LoggedPrediction& record) {
  std::vector<Values> all;
  for (const LoggedTensor& tensor : record.inputs()) {
    all.push_back({absl::StrCat("input.", tensor.name()), &tensor});
  }
  for (const LoggedColumn& column : record.columns()) {
    all.push_back(
        {absl::StrCat(column.age_seconds() ? "age_seconds." : "feature.", column.feature()),
         &column.values()});
  }
  for (const LoggedTensor& tensor : record.outputs()) {
    all.push_back({absl::StrCat("output.", tensor.name()), &tensor});
  }
  return all;
}

void TrainingCsv::Observe(const LoggedPrediction& record) {
  if (!Answered(record)) return;
  for (const Values& values : ValuesOf(record)) {
    const size_t width =
        WidthOf(*values.tensor, RowsOf(record), TensorValues(*values.tensor).size());
    if (width == 0 || width > kMaxWidth) continue;
    const auto [found, added] = by_name_.emplace(values.name, groups_.size());
    if (added) groups_.push_back({values.name, values.tensor->datatype(), width});
    Group& group = groups_[found->second];
    group.width = std::max(group.width, width);
    if (group.type != values.tensor->datatype()) group.type = "BYTES";
  }
}

std::string TrainingCsv::Header() const {
  std::string line = "request_id:BYTES,time:TIMESTAMP,model:BYTES,version:INT64,row:INT64";
  for (const Group& group : groups_) {
    for (size_t i = 0; i < group.width; ++i) {
      const std::string index = group.width > 1 ? absl::StrCat("[", i, "]") : "";
      absl::StrAppend(&line, ",", CsvCell(absl::StrCat(group.name, index, ":", group.type)));
    }
  }
  return line + "\n";
}

std::string TrainingCsv::Lines(const LoggedPrediction& record) const {
  if (!Answered(record)) return "";
  const size_t rows = RowsOf(record);
  struct Found {
    std::optional<TensorValues> values;
    size_t width = 0;
  };
  std::vector<Found> found(groups_.size());
  for (const Values& values : ValuesOf(record)) {
    const auto group = by_name_.find(values.name);
    if (group == by_name_.end()) continue;
    Found& here = found[group->second];
    here.values.emplace(*values.tensor);
    here.width = WidthOf(*values.tensor, rows, here.values->size());
    if (here.width > groups_[group->second].width) here.width = 0;  // It was not observed.
  }
  const std::string before =
      absl::StrCat(CsvCell(record.request_id()), ",", RecordTime(record), ",",
                   CsvCell(record.model_name()), ",", CsvCell(record.model_version()), ",");
  std::string lines;
  for (size_t row = 0; row < rows; ++row) {
    absl::StrAppend(&lines, before, row);
    for (size_t g = 0; g < groups_.size(); ++g) {
      const Found& here = found[g];
      for (size_t i = 0; i < groups_[g].width; ++i) {
        lines += ',';
        if (i < here.width) lines += CsvCell(WithoutQuotes((*here.values)[row * here.width + i]));
      }
    }
    lines += '\n';
  }
  return lines;
}

}  // namespace tournant
