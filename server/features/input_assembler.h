#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/feature_cells.h"
#include "base/feature_provenance.h"
#include "features/assemble.h"
#include "features/bound_request.h"
#include "features/feature_plan.h"
#include "features/fetched_features.h"
#include "features/given_elements.h"
#include "models/tensor.h"

namespace tournant {

// Fills one input of one call, row by row and column by column. Refers to its arguments, lives as
// long as Assemble runs.
class InputAssembler {
 public:
  // What all inputs of a call share.
  struct Call {
    const std::vector<NamedTensor>& request;
    const BoundRequest& bound;
    const absl::StatusOr<FetchedFeatures>& fetched;
    int64_t rows;
    int64_t now_us;  // Since 1970.
    bool batched;
  };

  // Counts in `assembled` where its cells come from.
  InputAssembler(const Call& call, const PlannedInput& input, AssembledInputs& assembled)
      : call_(call), input_(input), assembled_(assembled), provenance_(assembled.provenance) {}

  absl::StatusOr<Tensor> Assemble();
  // From the caller's tensor at `position` that stands for the whole input.
  absl::StatusOr<Tensor> FromOverride(int position);

 private:
  // Why a cell has no usable value.
  enum class Lack { kMissing, kNull, kStale, kError };

  absl::Status OpenColumns();
  absl::Status AppendCell(size_t column, size_t row);
  absl::Status AppendGiven(const PlannedColumn& column, const GivenElements& given, int position,
                           size_t row);
  absl::Status AppendFetched(const PlannedColumn& column, size_t row);
  // The age of a value, or the value itself. Appends nothing if it does not fit, and says why.
  struct Unfit {
    Lack lack;
    std::string detail;
  };
  std::optional<Unfit> AppendValue(const PlannedColumn& column, size_t row,
                                   const FetchedFeatures& from);
  // False, with nothing appended, if no value is known.
  bool AppendLastKnown(const PlannedColumn& column, size_t row, Lack lack);
  absl::Status FillCell(const PlannedColumn& column, size_t row, Lack lack,
                        absl::string_view detail);
  std::optional<Lack> LackOf(const PlannedColumn& column, size_t row) const;
  // What there is to say about a lack, for errors.
  absl::string_view DetailOf(const PlannedColumn& column, size_t row) const;
  // For oldest_age_ms: a value of `from` is used.
  void NoteAge(const PlannedColumn& column, size_t row, const FetchedFeatures& from);
  // Counts a cell of a column that names a feature.
  void Count(const PlannedColumn& column, size_t row, CellSource source);
  // Its place among all that do.
  size_t CellOf(const PlannedColumn& column, size_t row) const {
    return column.cell * static_cast<size_t>(call_.rows) + row;
  }
  void AppendIndicator(const PlannedColumn& column, bool there);
  // INVALID_ARGUMENT for an element of the caller's tensor at `position`.
  absl::Status Misfit(int position, size_t row, const Element& element) const;
  // For one that should be in a vocabulary.
  absl::Status NoWord(int position, size_t row, const Element& element) const;
  absl::Status Refuse(int position, size_t row, const std::string& why) const;
  Tensor Shaped();

  const Call& call_;
  const PlannedInput& input_;
  AssembledInputs& assembled_;
  FeatureProvenance& provenance_;  // Of it.
  // For each column the caller's tensor that it is taken from: a request tensor or an override.
  std::vector<std::optional<GivenElements>> given_;
  std::vector<int> positions_;
  std::string bytes_;
};

}  // namespace tournant
