#include "features/bound_request.h"

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace tournant {

absl::StatusOr<BoundRequest> BindRequest(const FeaturePlan& plan,
                                         const std::vector<NamedTensor>& request) {
  BoundRequest bound;
  bound.requests.assign(plan.request_tensors().size(), BoundRequest::kAbsent);
  bound.features.assign(plan.fetch().features.size(), BoundRequest::kAbsent);
  bound.inputs.assign(plan.inputs().size(), BoundRequest::kAbsent);
  for (size_t i = 0; i < request.size(); ++i) {
    const std::optional<FeaturePlan::Role> role = plan.FindRole(request[i].name);
    if (!role) {
      return InvalidField(
          absl::StrCat("inputs[", i, "].name"),
          absl::StrCat("unexpected inference input '", Quote(request[i].name), "'"));
    }
    std::vector<int>& positions = role->kind == FeaturePlan::Role::Kind::kRequest   ? bound.requests
                                  : role->kind == FeaturePlan::Role::Kind::kFeature ? bound.features
                                                                                    : bound.inputs;
    int& position = positions[role->index];
    if (position != BoundRequest::kAbsent) {
      return InvalidField(absl::StrCat("inputs[", i, "].name"),
                          absl::StrCat("input '", Quote(request[i].name), "' is given twice"));
    }
    position = static_cast<int>(i);
  }
  for (size_t i = 0; i < bound.requests.size(); ++i) {
    const TensorSpec& spec = plan.request_tensors()[i];
    if (bound.requests[i] == BoundRequest::kAbsent && !spec.optional) {
      return InvalidField("inputs", absl::StrCat("input '", spec.name, "' is missing"));
    }
  }
  return bound;
}

std::vector<uint8_t> WantedFeatures(const FeaturePlan& plan, const BoundRequest& bound) {
  std::vector<uint8_t> wanted(plan.fetch().features.size(), 0);
  for (size_t i = 0; i < plan.inputs().size(); ++i) {
    if (bound.inputs[i] != BoundRequest::kAbsent) continue;
    for (const PlannedColumn& column : plan.inputs()[i].columns) {
      if (column.kind == ColumnSource::kRequest) continue;
      if (bound.features[column.index] == BoundRequest::kAbsent) wanted[column.index] = 1;
    }
  }
  return wanted;
}

}  // namespace tournant
