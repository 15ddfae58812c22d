#include "features/plan_refs.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace tournant {
namespace {

// Feast's type of a key that comes from a request tensor of `type`; kInvalid: it can be no key.
ValueType KeyTypeOf(DataType type) {
  switch (type) {
    case DataType::kBytes:
      return ValueType::kString;
    case DataType::kInt64:
    case DataType::kUint32:
      return ValueType::kInt64;
    case DataType::kInt32:
    case DataType::kInt16:
    case DataType::kInt8:
    case DataType::kUint16:
    case DataType::kUint8:
      return ValueType::kInt32;
    default:
      return ValueType::kInvalid;
  }
}

bool IsIntegerKey(ValueType type) {
  return type == ValueType::kInt32 || type == ValueType::kInt64 ||
         type == ValueType::kUnixTimestamp;
}
bool IsTextKey(ValueType type) { return type == ValueType::kString || type == ValueType::kBytes; }

}  // namespace

PlanRefs::PlanRefs(const Bindings& bindings, const FeatureRegistry* registry,
                   std::vector<absl::Status>& errors)
    : bindings_(bindings), registry_(registry), errors_(errors) {}

void PlanRefs::Fail(SourceLocation at, absl::string_view text) {
  errors_.push_back(ErrorAt(bindings_.file, at, text));
}

std::optional<ValueType> PlanRefs::TypeOf(absl::string_view ref) const {
  const auto found = types_.find(ref);
  if (found == types_.end()) return std::nullopt;
  return found->second;
}

std::vector<PlanRefs::Ref> PlanRefs::CollectRefs() const {
  std::map<std::string, SourceLocation> places;
  for (const Bindings::Input& input : bindings_.inputs) {
    for (const Bindings::Column& column : input.columns) {
      if (column.kind != ColumnSource::kRequest) {
        places.emplace(column.source.value, column.source.at);
      }
    }
  }
  std::vector<Ref> refs;
  refs.reserve(places.size());
  for (auto& [text, at] : places) refs.push_back({text, at});
  return refs;
}

FetchPlan PlanRefs::Resolve(const std::vector<TensorSpec>& requests) {
  FetchPlan plan;
  plan.feature_service = bindings_.feature_service.value;
  if (registry_ != nullptr && bindings_.feature_service.given()) {
    service_ = registry_->FindService(plan.feature_service);
    if (service_ == nullptr) {
      service_failed_ = true;
      Fail(bindings_.feature_service.at,
           absl::StrCat("the feature registry has no feature service '",
                        Quote(plan.feature_service), "'"));
    }
  }
  absl::flat_hash_map<std::string, std::string> full_names;
  for (const Ref& ref : CollectRefs()) {
    if (first_ref_.line == 0) first_ref_ = ref.at;
    FetchPlan::Feature& feature = plan.features.emplace_back();
    feature.ref = ref.text;
    ResolveRef(ref, feature);
    std::string full_name = ref.text;
    full_name.replace(full_name.find(':'), 1, "__");
    const auto [other, added] = full_names.emplace(full_name, ref.text);
    if (!added) {
      Fail(ref.at, absl::StrCat("'", Quote(ref.text), "' and '", Quote(other->second),
                                "' are both called '", Quote(full_name), "' in answers"));
    }
  }
  if (plan.features.empty() && bindings_.feature_service.given()) {
    Fail(bindings_.feature_service.at, "feature_service is named, but no column names a feature");
  }
  AddKeys(requests, plan);
  return plan;
}

const RegisteredView* PlanRefs::FindView(const Ref& ref, absl::string_view view,
                                         const ServiceProjection** projection) {
  *projection = nullptr;
  std::string name(view);
  if (service_ != nullptr) {
    for (const ServiceProjection& candidate : service_->projections) {
      if (candidate.alias == view) *projection = &candidate;
    }
    if (*projection == nullptr) {
      Fail(ref.at,
           absl::StrCat("feature service '", service_->name, "' has no view '", Quote(view), "'"));
      return nullptr;
    }
    name = (*projection)->view;
  }
  const RegisteredView* found = registry_->FindView(name);
  if (found == nullptr) {
    Fail(ref.at, absl::StrCat("the feature registry has no view '", Quote(name), "'"));
    return nullptr;
  }
  if (found->kind == ViewKind::kOnDemand) {
    Fail(ref.at, absl::StrCat("'", Quote(name), "' is an on-demand view, which is not supported"));
    return nullptr;
  }
  if (!found->online || !found->enabled) {
    Fail(ref.at, absl::StrCat("view '", Quote(name), "' cannot be read online: the registry says ",
                              found->online ? "it is disabled" : "online: false"));
    return nullptr;
  }
  return found;
}

std::vector<std::string> PlanRefs::KeyNames(const RegisteredView& view,
                                            const ServiceProjection* projection) {
  std::vector<std::string> names;
  for (const JoinKey& key : view.join_keys) {
    std::string name = projection == nullptr ? key.name : projection->RequestColumn(key.name);
    needed_.emplace(name, NeededKey{key.type, view.name});
    names.push_back(std::move(name));
  }
  return names;
}

void PlanRefs::ResolveRef(const Ref& ref, FetchPlan::Feature& feature) {
  std::vector<std::string>& keys = feature_keys_.emplace_back();
  if (registry_ == nullptr || service_failed_) return;
  const absl::string_view text = ref.text;
  const size_t colon = text.find(':');
  const ServiceProjection* projection = nullptr;
  const RegisteredView* view = FindView(ref, text.substr(0, colon), &projection);
  if (view == nullptr) return;
  const std::string name(text.substr(colon + 1));
  const RegisteredFeature* registered = view->FindFeature(name);
  if (registered == nullptr) {
    Fail(ref.at, absl::StrCat("view '", view->name, "' has no feature '", Quote(name), "'"));
    return;
  }
  if (projection != nullptr && !projection->features.empty() &&
      std::find(projection->features.begin(), projection->features.end(), name) ==
          projection->features.end()) {
    Fail(ref.at,
         absl::StrCat("feature service '", service_->name, "' leaves out '", Quote(text), "'"));
    return;
  }
  if (registered->type != ValueType::kInvalid) types_.emplace(ref.text, registered->type);
  keys = KeyNames(*view, projection);
}

void PlanRefs::CheckKeyRequest(const Bindings::Entity& entity,
                               const std::vector<TensorSpec>& requests, FetchPlan::Key& key) {
  const std::string& name = entity.request.value;
  for (size_t i = 0; i < requests.size(); ++i) {
    if (requests[i].name == name) key.request = i;
  }
  if (!key.request) {
    Fail(entity.request.at, absl::StrCat("request '", Quote(name), "' is not declared"));
    return;
  }
  const TensorSpec& request = requests[*key.request];
  if (request.optional) {
    Fail(entity.request.at,
         absl::StrCat("request '", Quote(name), "' is optional, so it cannot be a key"));
  }
  if (ElementCount(request.dims) != 1) {
    Fail(entity.request.at, absl::StrCat("request '", Quote(name), "' has ",
                                         ShapeText(request.dims), " values a row, a key has one"));
  }
  const ValueType natural = KeyTypeOf(request.type);
  if (key.type == ValueType::kInvalid && entity.data_type.given()) {
    key.type = KeyTypeOf(entity.data_type.value);
    if (key.type == ValueType::kInvalid) {
      Fail(entity.data_type.at,
           absl::StrCat("a key cannot be of type ", DataTypeName(entity.data_type.value)));
      return;
    }
  }
  if (key.type == ValueType::kInvalid) key.type = natural;
  const bool fits = (IsIntegerKey(key.type) && IsIntegerKey(natural)) ||
                    (IsTextKey(key.type) && IsTextKey(natural));
  if (!fits) {
    Fail(entity.request.at,
         absl::StrCat("request '", Quote(name), "' of type ", DataTypeName(request.type),
                      " cannot be the key '", Quote(key.name), "'",
                      key.type == ValueType::kInvalid
                          ? std::string()
                          : absl::StrCat(" of type ", ValueTypeName(key.type))));
  }
}

void PlanRefs::AddKeys(const std::vector<TensorSpec>& requests, FetchPlan& plan) {
  const bool known = registry_ != nullptr && !service_failed_;
  // A server answers a service as a whole, so that it needs the keys of all of its views.
  if (service_ != nullptr) {
    for (const ServiceProjection& projection : service_->projections) {
      const RegisteredView* view = registry_->FindView(projection.view);
      if (view == nullptr || view->kind == ViewKind::kOnDemand) {
        Fail(bindings_.feature_service.at,
             absl::StrCat("feature service '", service_->name, "' contains '",
                          Quote(projection.view),
                          view == nullptr ? "', which the registry does not have"
                                          : "', an on-demand view, which is not supported"));
        continue;
      }
      KeyNames(*view, &projection);
    }
  }
  std::map<std::string, FetchPlan::Key> keys;
  for (const Bindings::Entity& entity : bindings_.entities) {
    const std::string& name = entity.join_key.value;
    const auto needed = needed_.find(name);
    FetchPlan::Key key;
    key.name = name;
    if (needed != needed_.end()) key.type = needed->second.type;
    CheckKeyRequest(entity, requests, key);
    // With errors in the refs nobody knows what is needed.
    if (known && needed == needed_.end() && errors_.empty()) {
      Fail(entity.join_key.at,
           absl::StrCat("no view that is named here has the join key '", Quote(name), "'"));
    }
    if (!keys.emplace(name, key).second) {
      Fail(entity.join_key.at, absl::StrCat("join key '", Quote(name), "' is already given"));
    }
  }
  // What a view without entities is found by, and what tells a server the number of rows.
  const bool entityless = known ? needed_.contains(kEntitylessJoinKey) : bindings_.entities.empty();
  if (entityless && !plan.features.empty()) {
    const std::string name(kEntitylessJoinKey);
    keys.emplace(name, FetchPlan::Key{name, ValueType::kString, std::nullopt});
  }
  for (const auto& [name, needed] : std::map(needed_.begin(), needed_.end())) {
    if (keys.contains(name)) continue;
    Fail(first_ref_, absl::StrCat("view '", needed.view, "' needs the join key '", name,
                                  "': add entity { join_key: \"", name, "\" request: ... }"));
  }
  absl::flat_hash_map<std::string, size_t> positions;
  for (auto& [name, key] : keys) {
    positions.emplace(name, plan.keys.size());
    plan.keys.push_back(std::move(key));
  }
  for (size_t i = 0; i < plan.features.size(); ++i) {
    std::vector<size_t>& indexes = plan.features[i].keys;
    if (!known || service_ != nullptr) {
      for (size_t key = 0; key < plan.keys.size(); ++key) indexes.push_back(key);
      continue;
    }
    for (const std::string& name : feature_keys_[i]) {
      const auto found = positions.find(name);
      if (found != positions.end()) indexes.push_back(found->second);
    }
  }
  plan.Index();
  // The store wants the keys of all views of a service; the rows of one differ by its own.
  if (!known || service_ == nullptr) return;
  for (FetchPlan::View& view : plan.views) {
    view.keys.clear();
    for (const std::string& name : feature_keys_[view.features[0]]) {
      const auto found = positions.find(name);
      if (found != positions.end()) view.keys.push_back(found->second);
    }
    std::sort(view.keys.begin(), view.keys.end());
  }
}

}  // namespace tournant
