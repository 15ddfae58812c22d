#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "feast/registry.h"
#include "features/bindings.h"
#include "features/column_builder.h"
#include "features/feature_plan.h"
#include "features/plan_refs.h"
#include "models/model_config.h"

namespace tournant {

// Makes one FeaturePlan, collecting every error on the way instead of stopping at the first. Lives
// for one Build, in the loader's thread.
class PlanBuilder {
 public:
  PlanBuilder(const Bindings& bindings, const ModelConfig& config, const FeatureRegistry* registry,
              const std::filesystem::path& folder, const PlanShares& shares);

  absl::StatusOr<std::shared_ptr<const FeaturePlan>> Build();

 private:
  void AddRequests();
  void AddFeatures();
  void AddViews();
  // What a column wants of its feature and its view.
  void NoteColumn(const PlannedColumn& column);
  void AddInputs();
  void AddPassedInput(const TensorSpec& spec);
  void AddAssembledInput(const TensorSpec& spec, const Bindings::Input& input);
  void CheckWidths(const Bindings::Input& input, PlannedInput& planned);
  void AddOverrides();
  void OpenShares();

  void Fail(SourceLocation at, absl::string_view text);

  const Bindings& bindings_;
  const ModelConfig& config_;
  const PlanShares shares_;
  std::vector<absl::Status> errors_;
  std::unique_ptr<FeaturePlan> plan_;
  PlanRefs refs_;
  ColumnBuilder columns_;
};

}  // namespace tournant
