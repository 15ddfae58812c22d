#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "feast/registry.h"
#include "features/bindings.h"
#include "features/fetch_plan.h"
#include "features/vocabulary.h"
#include "models/model_config.h"
#include "models/tensor.h"

namespace tournant {

class FeatureCaches;
class ViewCells;

// What the plans of all versions have in common; each may be null, and they go without.
struct PlanShares {
  FeatureCaches* caches = nullptr;  // Of the views that are to be cached.
  ViewCells* cells = nullptr;       // Counts.
};

// One column of a model's input: where its cells come from, and what stands in those that have no
// usable value.
struct PlannedColumn {
  ColumnSource kind = ColumnSource::kRequest;
  std::string source;  // The request tensor's name or the feature's ref.
  size_t index = 0;    // Into the plan's request tensors or features.
  size_t view = 0;     // Of the feature, into the plan's views.
  size_t cell = 0;     // Of a feature: which of the plan's columns that name one it is.
  size_t width = 1;    // Elements of a cell, without the indicator.
  bool indicator = false;
  std::shared_ptr<const Vocabulary> vocabulary;
  std::optional<int64_t> max_age_us;
  Fill on_missing = Fill::kDefault;
  Fill on_null = Fill::kDefault;
  Fill on_stale = Fill::kDefault;
  Fill on_error = Fill::kDefault;
  // A whole filled cell, raw, in the input's type.
  std::string default_bytes;
  std::string nan_bytes;
};

// One input of the model, in the order of its config.
struct PlannedInput {
  TensorSpec spec;              // With all sizes known, if it is assembled.
  std::optional<size_t> given;  // Taken as sent: an index into the plan's request tensors.
  bool allow_nan = false;
  size_t width = 0;            // Elements of a row.
  size_t feature_columns = 0;  // Columns that count as cells.
  std::vector<PlannedColumn> columns;
};

// A model version's bindings, checked and compiled: what callers send, what is fetched, how inputs
// are assembled. Owned by the version and shared by its calls; constant, so any thread may use it.
class FeaturePlan : public std::enable_shared_from_this<FeaturePlan> {
 public:
  // What a tensor's name means in a request.
  struct Role {
    enum class Kind { kRequest, kFeature, kInput } kind;
    size_t index;  // Into request_tensors(), fetch().features or inputs().
  };

  // Checks `bindings` against the model and, where there is one, the registry. Vocabularies lie in
  // `folder`.
  // INVALID_ARGUMENT lists everything that is wrong, one "file:line:column: ..." a line.
  static absl::StatusOr<std::shared_ptr<const FeaturePlan>> Compile(
      const Bindings& bindings, const ModelConfig& config, const FeatureRegistry* registry,
      const std::filesystem::path& folder, const PlanShares& shares);

  // What a caller sends: what the bindings declare, in their order, then the model's inputs that
  // they do not name.
  const std::vector<TensorSpec>& request_tensors() const { return request_tensors_; }
  // What a caller may send besides: "view:feature" or an assembled input, of type FP64, FP32, INT64
  // or BYTES (the spec has the natural one), with `width` elements a row.
  const std::vector<TensorSpec>& overrides() const { return overrides_; }

  // The bindings that it was compiled from, as they stood in their file then.
  const std::string& bindings_text() const { return bindings_text_; }
  const FetchPlan& fetch() const { return fetch_; }
  const std::vector<PlannedInput>& inputs() const { return inputs_; }
  // False: the model has no batch dimension, and neither have a call's tensors, which are one row.
  bool batched() const { return batched_; }
  // Columns that name a feature: cells of one row.
  int64_t cells_per_row() const { return cells_per_row_; }

  std::optional<Role> FindRole(absl::string_view tensor) const {
    const auto found = roles_.find(tensor);
    if (found == roles_.end()) return std::nullopt;
    return found->second;
  }

 private:
  friend class PlanBuilder;
  FeaturePlan() = default;

  std::string bindings_text_;
  std::vector<TensorSpec> request_tensors_;
  std::vector<TensorSpec> overrides_;
  FetchPlan fetch_;
  std::vector<PlannedInput> inputs_;
  absl::flat_hash_map<std::string, Role> roles_;
  int64_t cells_per_row_ = 0;
  bool batched_ = false;
};

}  // namespace tournant
