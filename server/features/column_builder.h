#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "features/bindings.h"
#include "features/feature_plan.h"
#include "features/fetch_plan.h"
#include "features/plan_refs.h"
#include "features/vocabulary.h"
#include "models/tensor.h"

namespace tournant {

// Wider columns than any model takes are a mistake.
inline constexpr uint32_t kMaxColumnWidth = 1 << 20;

// Checks and compiles columns, one by one. Part of a PlanBuilder, which owns what it refers to.
class ColumnBuilder {
 public:
  // `requests` and `fetch` are looked at by Build, when they are complete.
  ColumnBuilder(const Bindings& bindings, const std::filesystem::path& folder,
                const std::vector<TensorSpec>& requests, const FetchPlan& fetch,
                const PlanRefs& refs, std::vector<absl::Status>& errors);

  // A column of an input of `type`. What is wrong goes to `errors`.
  PlannedColumn Build(const Bindings::Column& column, const Bindings::Input& input, DataType type);

 private:
  void AddVocabulary(const Bindings::Column& column, DataType type, PlannedColumn& planned);
  void CheckRequestColumn(const Bindings::Column& column, DataType type, PlannedColumn& planned);
  void CheckFeatureColumn(const Bindings::Column& column, DataType type, PlannedColumn& planned);
  void CheckPolicies(const Bindings::Column& column, const Bindings::Input& input, DataType type,
                     const PlannedColumn& planned);
  void CheckLastKnown(const Bindings::Column& column, const PlannedColumn& planned,
                      absl::string_view field, SourceLocation at);
  const FetchPlan::View& ViewOf(const PlannedColumn& planned) const;
  void Fail(SourceLocation at, absl::string_view text);

  const Bindings& bindings_;
  const std::filesystem::path folder_;
  const std::vector<TensorSpec>& requests_;
  const FetchPlan& fetch_;
  const PlanRefs& refs_;
  std::vector<absl::Status>& errors_;
  // By file name, so that several columns share one.
  absl::flat_hash_map<std::string, std::shared_ptr<const Vocabulary>> vocabularies_;
};

}  // namespace tournant
