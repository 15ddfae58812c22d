#pragma once

#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "feast/registry.h"
#include "features/feature_plan.h"
#include "models/model_version.h"

namespace tournant {

// The step of loading a model that reads its features.pbtxt, checks it and attaches the
// FeaturePlan. The file may lie in the version's folder or, for all versions, beside config.pbtxt;
// without one the version takes the model's own tensors. Owned by main; runs in the loader's
// thread.
class BindingsStep final : public LoadStep {
 public:
  // The registry as it is now, null when none can be read.
  using RegistryProvider = std::function<std::shared_ptr<const FeatureRegistry>()>;

  // Without a feature store, bindings that name features are refused. `registry` may be empty.
  BindingsStep(bool has_feature_store, RegistryProvider registry, const PlanShares& shares);

  absl::Status Prepare(ModelVersion& version) override;

 private:
  const bool has_feature_store_;
  const RegistryProvider registry_;
  const PlanShares shares_;
};

}  // namespace tournant
