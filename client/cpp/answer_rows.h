#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "cpp/infer_result.h"
#include "cpp/model_signature.h"

namespace tournant::client {

// Writes answers as lines of CSV: the outputs' values, an output of several elements a row in
// several columns (`name[0]`, ...), then the column `error`, which is empty for a row that was
// answered. An output of no fixed width has one cell, its values parted by semicolons. Constant;
// any thread.
class AnswerRows {
 public:
  // `prediction` names the output that quality is measured on; empty: the only one with a single
  // number a row, if there is exactly one. INVALID_ARGUMENT when a named one is no such output.
  static absl::StatusOr<AnswerRows> Make(const ModelSignature& signature,
                                         absl::string_view prediction);

  // With a line break, as all lines here.
  std::string Header() const;
  // A row that was not answered.
  void AppendError(absl::string_view error, std::string& text) const;

  bool has_prediction() const { return prediction_ >= 0; }

  // The rows of one answer, taken one after the other.
  class Reader {
   public:
    // Appends the next row's line, and puts its prediction, if there is one, to `prediction`.
    void AppendRow(std::string& text, std::optional<double>& prediction);

   private:
    friend class AnswerRows;
    struct Cursor {
      absl::string_view raw;
      Datatype type = Datatype::kInvalid;
      int64_t width = 0;
      bool joined = false;
    };
    std::vector<Cursor> cursors_;
    int prediction_ = -1;
    std::string scratch_;
  };
  // INTERNAL when the answer does not fit the signature. The reader views into `response`.
  absl::StatusOr<Reader> Read(const inference::ModelInferResponse& response, int64_t rows) const;

 private:
  struct Column {
    std::string name;
    int64_t width = 1;  // -1: not fixed.
  };

  std::vector<Column> columns_;
  bool batches_ = false;
  int prediction_ = -1;
};

}  // namespace tournant::client
