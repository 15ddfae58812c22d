#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "feast/registry.h"
#include "features/bindings.h"
#include "features/fetch_plan.h"
#include "models/tensor.h"

namespace tournant {

// What the bindings ask of the feature store, looked up in the registry where there is one: the
// fetch plan, and the type of each feature. Errors go to `errors`, each with its place.
class PlanRefs {
 public:
  PlanRefs(const Bindings& bindings, const FeatureRegistry* registry,
           std::vector<absl::Status>& errors);

  // `requests` are the declared request tensors, in the order of the bindings.
  FetchPlan Resolve(const std::vector<TensorSpec>& requests);

  // Nothing when no registry says.
  std::optional<ValueType> TypeOf(absl::string_view ref) const;

 private:
  struct Ref {
    std::string text;
    SourceLocation at;
  };
  struct NeededKey {
    ValueType type;
    std::string view;  // The first that needs it, for errors.
  };

  std::vector<Ref> CollectRefs() const;
  void ResolveRef(const Ref& ref, FetchPlan::Feature& feature);
  const RegisteredView* FindView(const Ref& ref, absl::string_view view,
                                 const ServiceProjection** projection);
  // The names under which the store's request carries the view's keys.
  std::vector<std::string> KeyNames(const RegisteredView& view,
                                    const ServiceProjection* projection);
  void AddKeys(const std::vector<TensorSpec>& requests, FetchPlan& plan);
  void CheckKeyRequest(const Bindings::Entity& entity, const std::vector<TensorSpec>& requests,
                       FetchPlan::Key& key);
  void Fail(SourceLocation at, absl::string_view text);

  const Bindings& bindings_;
  const FeatureRegistry* const registry_;
  std::vector<absl::Status>& errors_;

  const RegisteredService* service_ = nullptr;
  bool service_failed_ = false;
  absl::flat_hash_map<std::string, ValueType> types_;
  absl::flat_hash_map<std::string, NeededKey> needed_;
  // For each feature of the plan, the names of its keys.
  std::vector<std::vector<std::string>> feature_keys_;
  SourceLocation first_ref_;
};

}  // namespace tournant
