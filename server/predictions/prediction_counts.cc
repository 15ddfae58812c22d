#include "predictions/prediction_counts.h"

#include "absl/strings/str_cat.h"
#include "predictions/csv_cell.h"
#include "predictions/prediction_json.h"

namespace tournant {

void PredictionCounts::Count(const LoggedPrediction& record) {
  constexpr size_t kHour = sizeof("2013-10-01T12") - 1;
  const std::string hour = absl::StrCat(RecordTime(record).substr(0, kHour), ":00Z");
  Counts& counts = counts_[{record.model_name(), hour}];
  ++counts.predictions;
  counts.rows += record.rows();
  if (record.status_code() != 0) ++counts.errors;
  if (record.features().degraded()) ++counts.degraded;
}

std::string PredictionCounts::Csv() const {
  std::string csv = "model,hour,predictions,rows,errors,degraded\n";
  for (const auto& [key, counts] : counts_) {
    absl::StrAppend(&csv, CsvCell(key.first), ",", key.second, ",", counts.predictions, ",",
                    counts.rows, ",", counts.errors, ",", counts.degraded, "\n");
  }
  return csv;
}

}  // namespace tournant
