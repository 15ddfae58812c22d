#include "cpp/answer_rows.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "cpp/csv_reader.h"
#include "cpp/tensor_codec.h"

namespace tournant::client {

absl::StatusOr<AnswerRows> AnswerRows::Make(const ModelSignature& signature,
                                            absl::string_view prediction) {
  AnswerRows rows;
  rows.batches_ = signature.batches();
  int candidates = 0;
  for (const TensorSignature& output : signature.outputs) {
    const int64_t width = output.Width();
    const bool scalar = width == 1 && output.type != Datatype::kBytes;
    if (scalar && (prediction.empty() || prediction == output.name)) {
      rows.prediction_ = static_cast<int>(rows.columns_.size());
      ++candidates;
    }
    rows.columns_.push_back({output.name, width});
  }
  if (!prediction.empty() && candidates == 0) {
    return absl::InvalidArgumentError(absl::StrCat("model '", signature.name, "' has no output '",
                                                   Quote(prediction),
                                                   "' with a single number a row"));
  }
  if (candidates != 1) rows.prediction_ = -1;
  return rows;
}

std::string AnswerRows::Header() const {
  std::string text;
  for (const Column& column : columns_) {
    if (column.width == 1 || column.width < 0) {
      AppendCsvCell(column.name, text);
      text.push_back(',');
    } else {
      for (int64_t i = 0; i < column.width; ++i) {
        AppendCsvCell(absl::StrCat(column.name, "[", i, "]"), text);
        text.push_back(',');
      }
    }
  }
  text.append("error\n");
  return text;
}

void AnswerRows::AppendError(absl::string_view error, std::string& text) const {
  for (const Column& column : columns_) {
    text.append(column.width < 0 ? 1 : static_cast<size_t>(column.width), ',');
  }
  AppendCsvCell(error, text);
  text.push_back('\n');
}

absl::StatusOr<AnswerRows::Reader> AnswerRows::Read(const inference::ModelInferResponse& response,
                                                    int64_t rows) const {
  const absl::StatusOr<std::vector<OutputView>> outputs = DecodeOutputs(response);
  if (!outputs.ok()) return outputs.status();
  Reader reader;
  reader.prediction_ = prediction_;
  reader.cursors_.resize(columns_.size());
  for (size_t i = 0; i < columns_.size(); ++i) {
    const Column& column = columns_[i];
    for (const OutputView& output : *outputs) {
      if (output.name != column.name) continue;
      const int64_t elements = output.elements();
      if ((batches_ && output.rows() != rows) ||
          (column.width >= 0 && elements != rows * column.width)) {
        return absl::InternalError(absl::StrCat("output '", column.name, "' has ", output.rows(),
                                                " rows and ", elements, " elements for ", rows,
                                                " rows asked"));
      }
      reader.cursors_[i] = {output.raw, output.type, rows > 0 ? elements / rows : 0,
                            column.width < 0};
    }
    if (reader.cursors_[i].type == Datatype::kInvalid) {
      return absl::InternalError(absl::StrCat("the answer has no output '", column.name, "'"));
    }
  }
  return reader;
}

void AnswerRows::Reader::AppendRow(std::string& text, std::optional<double>& prediction) {
  for (size_t i = 0; i < cursors_.size(); ++i) {
    Cursor& cursor = cursors_[i];
    if (static_cast<int>(i) == prediction_) {
      absl::string_view raw = cursor.raw;
      double number = 0;
      if (TakeNumber(cursor.type, raw, number)) prediction = number;
    }
    if (!cursor.joined && cursor.type != Datatype::kBytes) {
      for (int64_t element = 0; element < cursor.width; ++element) {
        TakeElement(cursor.type, cursor.raw, text);
        text.push_back(',');
      }
      continue;
    }
    scratch_.clear();
    for (int64_t element = 0; element < cursor.width; ++element) {
      if (cursor.joined && element > 0) scratch_.push_back(';');
      TakeElement(cursor.type, cursor.raw, scratch_);
      if (cursor.joined) continue;
      AppendCsvCell(scratch_, text);
      text.push_back(',');
      scratch_.clear();
    }
    if (cursor.joined) {
      AppendCsvCell(scratch_, text);
      text.push_back(',');
    }
  }
  text.push_back('\n');
}

}  // namespace tournant::client
