#include "features/feature_plan.h"

#include "features/plan_builder.h"

namespace tournant {

absl::StatusOr<std::shared_ptr<const FeaturePlan>> FeaturePlan::Compile(
    const Bindings& bindings, const ModelConfig& config, const FeatureRegistry* registry,
    const std::filesystem::path& folder, const PlanShares& shares) {
  return PlanBuilder(bindings, config, registry, folder, shares).Build();
}

}  // namespace tournant
