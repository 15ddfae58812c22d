#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cpp/model_signature.h"
#include "inference/grpc_service.pb.h"

namespace tournant::client {

// Turns records of a CSV file into requests of several rows. A header is the name of a tensor, or
// `name[0]`, `name[1]`, ... for one with several elements a row; other columns are not sent. An
// empty cell of an optional tensor leaves that tensor out of the row, so that only neighbouring
// rows that lack the same tensors share a request. One thread.
class RowEncoder {
 public:
  // INVALID_ARGUMENT when a required input has no column, or the columns of a tensor do not fit it.
  // `label` names the column of the truth, empty for none.
  static absl::StatusOr<RowEncoder> Make(const ModelSignature& signature,
                                         std::span<const absl::string_view> header,
                                         absl::string_view label);

  // Columns that nothing is done with.
  const std::vector<std::string>& ignored() const { return ignored_; }

  size_t columns() const { return header_.size(); }

  // Can the row join those that were added since the last request?
  bool Joins(std::span<const absl::string_view> cells);
  // Adds a row that joins; an error names the column, and leaves the rows before it.
  absl::Status Add(std::span<const absl::string_view> cells);
  int64_t rows() const { return rows_; }
  // The request of the rows added; it holds until the next call of this.
  const inference::ModelInferRequest& TakeRequest();

  // 0 or 1; nothing when there is no label column, or the cell is neither.
  std::optional<bool> Label(std::span<const absl::string_view> cells) const;

 private:
  struct Source {
    TensorSignature tensor;
    std::vector<int> columns;  // The element's index -> the column's.
    std::string raw;           // Of the rows added.
  };

  explicit RowEncoder(const ModelSignature& signature) : signature_(signature) {}
  absl::Status Bind(std::span<const absl::string_view> header, absl::string_view label);
  absl::Status AddColumn(const TensorSignature& tensor, int64_t element, int column);
  absl::Status CheckSources() const;
  static bool Absent(const Source& source, std::span<const absl::string_view> cells);
  absl::Status AddCells(Source& source, std::span<const absl::string_view> cells) const;

  // Constant once bound.
  ModelSignature signature_;
  std::vector<std::string> header_;
  std::vector<std::string> ignored_;
  int label_column_ = -1;

  // The rows added.
  std::vector<Source> sources_;
  std::string absent_;  // One character a source: 1 when these rows lack it.
  int64_t rows_ = 0;

  std::vector<size_t> sizes_;  // Used by Add, kept for its memory.
  inference::ModelInferRequest request_;
};

}  // namespace tournant::client
