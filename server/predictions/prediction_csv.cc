#include "predictions/prediction_csv.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "predictions/csv_cell.h"
#include "predictions/prediction_json.h"
#include "predictions/tensor_values.h"

namespace tournant {
namespace {

using Tensors = google::protobuf::RepeatedPtrField<LoggedTensor>;

void AddNames(const Tensors& tensors, std::vector<std::string>& names) {
  for (const LoggedTensor& tensor : tensors) {
    if (std::find(names.begin(), names.end(), tensor.name()) == names.end()) {
      names.push_back(tensor.name());
    }
  }
}

// What a tensor holds for each row. A tensor without a row for each is repeated in all.
std::vector<std::string> CellsOf(const LoggedTensor& tensor, size_t rows) {
  const TensorValues values(tensor);
  if (values.empty()) return std::vector<std::string>(rows);
  const bool by_row = tensor.shape_size() > 0 && static_cast<uint64_t>(tensor.shape(0)) == rows &&
                      values.size() % rows == 0;
  const size_t width = by_row ? values.size() / rows : values.size();
  std::vector<std::string> cells;
  for (size_t row = 0; row < rows; ++row) {
    const size_t begin = by_row ? row * width : 0;
    if (width == 1) {
      cells.push_back(CsvCell(WithoutQuotes(values[begin])));
      continue;
    }
    std::string list = "[";
    values.AppendList(begin, width, list);
    cells.push_back(CsvCell(list + "]"));
  }
  return cells;
}

std::vector<std::vector<std::string>> Columns(const Tensors& tensors,
                                              const std::vector<std::string>& names, size_t rows) {
  std::vector<std::vector<std::string>> columns;
  for (const std::string& name : names) {
    const auto found =
        std::find_if(tensors.begin(), tensors.end(),
                     [&](const LoggedTensor& tensor) { return tensor.name() == name; });
    columns.push_back(found == tensors.end() ? std::vector<std::string>(rows)
                                             : CellsOf(*found, rows));
  }
  return columns;
}

}  // namespace

void PredictionCsv::Observe(const LoggedPrediction& record) {
  AddNames(record.inputs(), inputs_);
  AddNames(record.outputs(), outputs_);
}

std::string PredictionCsv::Header() const {
  std::string line =
      "sequence,time,request_id,traceparent,model,version,row,code,message,features_live,"
      "features_cached,features_stale,features_defaulted,features_from_request,"
      "oldest_feature_age_ms,degraded,accepted_us,validating_us,features_us,queued_us,computing_us,"
      "responding_us,total_us";
  for (const std::string& name : inputs_) absl::StrAppend(&line, ",", CsvCell("input:" + name));
  for (const std::string& name : outputs_) absl::StrAppend(&line, ",", CsvCell("output:" + name));
  return line + "\n";
}

std::string PredictionCsv::Lines(const LoggedPrediction& record) const {
  // A record holds one line at least, and no more than a batch can have had.
  const size_t rows = std::clamp<uint64_t>(record.rows(), 1, 1'000'000);
  const LoggedFeatures& features = record.features();
  const LoggedPhases& latency = record.latency();
  const std::string before =
      absl::StrCat(record.sequence(), ",", RecordTime(record), ",", CsvCell(record.request_id()),
                   ",", CsvCell(record.traceparent()), ",", CsvCell(record.model_name()), ",",
                   CsvCell(record.model_version()), ",");
  std::string after = absl::StrCat(",", RecordCode(record), ",", CsvCell(record.status_message()));
  if (record.has_features()) {
    absl::StrAppend(&after, ",", features.features_live(), ",", features.features_cached(), ",",
                    features.features_stale(), ",", features.features_defaulted(), ",",
                    features.features_from_request(), ",",
                    features.has_oldest_feature_age_ms()
                        ? std::to_string(features.oldest_feature_age_ms())
                        : "",
                    ",", features.degraded() ? "true" : "false");
  } else {
    after += ",,,,,,,";
  }
  absl::StrAppend(&after, ",", latency.accepted(), ",", latency.validating(), ",",
                  latency.awaiting_features(), ",", latency.queued(), ",", latency.computing(), ",",
                  latency.responding(), ",", latency.total());
  const auto inputs = Columns(record.inputs(), inputs_, rows);
  const auto outputs = Columns(record.outputs(), outputs_, rows);
  std::string lines;
  for (size_t row = 0; row < rows; ++row) {
    absl::StrAppend(&lines, before, row, after);
    for (const auto& column : inputs) absl::StrAppend(&lines, ",", column[row]);
    for (const auto& column : outputs) absl::StrAppend(&lines, ",", column[row]);
    lines += '\n';
  }
  return lines;
}

}  // namespace tournant
