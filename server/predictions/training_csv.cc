#include "predictions/training_csv.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "predictions/csv_cell.h"
#include "predictions/prediction_json.h"
#include "predictions/tensor_values.h"
#include "telemetry/log_line.h"

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

class TrainingCsv::Cells {
 public:
  Cells(const Values& values, size_t rows) : column_(values.column), part_(values.part) {
    if (part_ != Part::kValues) {
      width_ = 1;
      return;
    }
    values_.emplace(*values.tensor);
    width_ = WidthOf(*values.tensor, rows, values_->size());
  }

  size_t width() const { return width_; }
  std::string At(size_t row, size_t element) const {
    switch (part_) {
      case Part::kValues:
        return CsvCell(WithoutQuotes((*values_)[row * width_ + element]));
      case Part::kSource: {
        const std::optional<int> source = OfRow(column_->source(), row);
        return source ? SourceName(*source) : "";
      }
      case Part::kEventTime:
        break;
    }
    const int64_t time = OfRow(column_->event_time_unix_us(), row).value_or(0);
    return time == 0 ? "" : Rfc3339(WallTime(std::chrono::microseconds(time)));
  }

 private:
  // One alone holds for all rows.
  template <class T>
  static std::optional<T> OfRow(const google::protobuf::RepeatedField<T>& all, size_t row) {
    const size_t index = all.size() == 1 ? 0 : row;
    if (index >= static_cast<size_t>(all.size())) return std::nullopt;
    return all[static_cast<int>(index)];
  }

  const LoggedColumn* const column_;
  const Part part_;
  std::optional<TensorValues> values_;
  size_t width_ = 0;
};

std::vector<TrainingCsv::Values> TrainingCsv::ValuesOf(const LoggedPrediction& record) const {
  std::vector<Values> all;
  for (const LoggedTensor& tensor : record.inputs()) {
    all.push_back({absl::StrCat("input.", tensor.name()), &tensor});
  }
  for (const LoggedColumn& column : record.columns()) {
    all.push_back(
        {absl::StrCat(column.age_seconds() ? "age_seconds." : "feature.", column.feature()),
         &column.values(), &column});
    if (!provenance_) continue;
    all.push_back({absl::StrCat("source.", column.feature()), nullptr, &column, Part::kSource});
    all.push_back(
        {absl::StrCat("event_time.", column.feature()), nullptr, &column, Part::kEventTime});
  }
  for (const LoggedTensor& tensor : record.outputs()) {
    all.push_back({absl::StrCat("output.", tensor.name()), &tensor});
  }
  return all;
}

void TrainingCsv::Observe(const LoggedPrediction& record) {
  if (!Answered(record)) return;
  for (const Values& values : ValuesOf(record)) {
    const size_t width = Cells(values, RowsOf(record)).width();
    if (width == 0 || width > kMaxWidth) continue;
    const std::string type = values.part == Part::kValues   ? values.tensor->datatype()
                             : values.part == Part::kSource ? "BYTES"
                                                            : "TIMESTAMP";
    const auto [found, added] = by_name_.emplace(values.name, groups_.size());
    if (added) groups_.push_back({values.name, type, width});
    Group& group = groups_[found->second];
    group.width = std::max(group.width, width);
    if (group.type != type) group.type = "BYTES";
  }
}

std::string TrainingCsv::Header() const {
  std::string line =
      "request_id:BYTES,time:TIMESTAMP,model:BYTES,version:INT64,row:INT64,degraded:BOOL";
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
  std::vector<std::optional<Cells>> cells(groups_.size());
  for (const Values& values : ValuesOf(record)) {
    const auto group = by_name_.find(values.name);
    if (group == by_name_.end()) continue;
    // A feature and its age came from the same place.
    std::optional<Cells>& here = cells[group->second];
    if (here) continue;
    here.emplace(values, rows);
    if (here->width() > groups_[group->second].width) here.reset();  // It was not observed.
  }
  const std::string before =
      absl::StrCat(CsvCell(record.request_id()), ",", RecordTime(record), ",",
                   CsvCell(record.model_name()), ",", CsvCell(record.model_version()), ",");
  const absl::string_view after = record.features().degraded() ? ",true" : ",false";
  std::string lines;
  for (size_t row = 0; row < rows; ++row) {
    absl::StrAppend(&lines, before, row, after);
    for (size_t g = 0; g < groups_.size(); ++g) {
      for (size_t i = 0; i < groups_[g].width; ++i) {
        lines += ',';
        if (cells[g] && i < cells[g]->width()) lines += cells[g]->At(row, i);
      }
    }
    lines += '\n';
  }
  return lines;
}

}  // namespace tournant
