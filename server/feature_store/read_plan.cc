#include "feature_store/read_plan.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "base/status.h"
#include "feast/serving/ServingService.pb.h"

namespace tournant {
namespace {

using feast::serving::GetOnlineFeaturesRequest;
using feast::serving::GetOnlineFeaturesResponseMetadata;

// A feature as asked for, before it has a place in a read.
struct Wanted {
  const RegisteredView* view = nullptr;
  const ServiceProjection* projection = nullptr;  // null for a reference
  std::string feature;

  const std::string& ViewName() const { return projection ? projection->alias : view->name; }
  int Version() const {
    return projection ? projection->version.value_or(view->version) : view->version;
  }
};

absl::StatusOr<const RegisteredView*> ReadableView(const FeatureRegistry& registry,
                                                   absl::string_view name) {
  const RegisteredView* view = registry.FindView(name);
  if (view == nullptr) {
    return absl::NotFoundError(absl::StrCat("project ", Quote(registry.project()),
                                            " has no feature view '", Quote(name), "'"));
  }
  absl::string_view why;
  if (view->kind == ViewKind::kOnDemand) {
    why = "is computed on demand by Python code, which this server does not run";
  } else if (!view->online) {
    why = "is not kept online";
  } else if (!view->enabled) {
    why = "is disabled or not yet available online";
  }
  if (!why.empty()) {
    return absl::FailedPreconditionError(absl::StrCat("feature view '", Quote(name), "' ", why));
  }
  return view;
}

absl::Status UnknownFeature(absl::string_view field, const std::string& view,
                            absl::string_view feature) {
  return InvalidField(field, absl::StrCat("feature view '", Quote(view), "' has no feature '",
                                          Quote(feature), "'"));
}

absl::StatusOr<Wanted> ParseReference(const FeatureRegistry& registry,
                                      absl::string_view reference) {
  const size_t colon = reference.find(':');
  if (colon == absl::string_view::npos || colon == 0 || colon + 1 == reference.size()) {
    return InvalidField("features",
                        absl::StrCat("'", Quote(reference), "' is no reference 'view:feature'"));
  }
  absl::string_view view_name = reference.substr(0, colon);
  const absl::string_view feature = reference.substr(colon + 1);
  absl::string_view version = "latest";
  const size_t at = view_name.find('@');
  if (at != absl::string_view::npos) {
    version = view_name.substr(at + 1);
    view_name = view_name.substr(0, at);
  }
  const absl::StatusOr<const RegisteredView*> view = ReadableView(registry, view_name);
  if (!view.ok()) return view.status();
  // What features an older one had, the registry does not say.
  if (version != "latest" && version != absl::StrCat("v", (*view)->version)) {
    return absl::FailedPreconditionError(absl::StrCat("'", Quote(reference),
                                                      "': only the current version of the view, v",
                                                      (*view)->version, ", is read here"));
  }
  if ((*view)->FindFeature(feature) == nullptr) {
    return UnknownFeature("features", (*view)->name, feature);
  }
  return Wanted{*view, nullptr, std::string(feature)};
}

absl::StatusOr<std::vector<Wanted>> WantedFeatures(const FeatureRegistry& registry,
                                                   const StoreLayout& layout,
                                                   const GetOnlineFeaturesRequest& request) {
  std::vector<Wanted> wanted;
  if (request.kind_case() == GetOnlineFeaturesRequest::kFeatureService) {
    const RegisteredService* service = registry.FindService(request.feature_service());
    if (service == nullptr) {
      return absl::NotFoundError(absl::StrCat("project ", Quote(registry.project()),
                                              " has no feature service '",
                                              Quote(request.feature_service()), "'"));
    }
    for (const ServiceProjection& projection : service->projections) {
      const absl::StatusOr<const RegisteredView*> view = ReadableView(registry, projection.view);
      if (!view.ok())
        return Annotate(view.status(),
                        absl::StrCat("feature service '", Quote(service->name), "'"));
      for (const std::string& feature : projection.features) {
        if ((*view)->FindFeature(feature) == nullptr) {
          return UnknownFeature("feature_service", projection.view, feature);
        }
        wanted.push_back({*view, &projection, feature});
        if (!layout.versioned_views && wanted.back().Version() != (*view)->version) {
          return absl::FailedPreconditionError(
              absl::StrCat("feature service '", Quote(service->name), "' is bound to version ",
                           wanted.back().Version(), " of feature view '", Quote(projection.view),
                           "', and the store keeps the current one only (versioned_views is off)"));
        }
      }
    }
  } else {
    for (const std::string& reference : request.features().val()) {
      absl::StatusOr<Wanted> parsed = ParseReference(registry, reference);
      if (!parsed.ok()) return parsed.status();
      wanted.push_back(*std::move(parsed));
    }
  }
  if (wanted.empty()) {
    return InvalidField("features", "neither a feature nor a feature service is asked for");
  }
  return wanted;
}

// Puts the pieces of a plan together; one use.
class Compiler {
 public:
  Compiler(const StoreLayout& layout, bool full_names) : layout_(layout), full_names_(full_names) {}

  absl::StatusOr<std::shared_ptr<const ReadPlan>> Compile(const std::vector<Wanted>& wanted) {
    CollectKeyColumns(wanted);
    for (const Wanted& feature : wanted) {
      const absl::Status added = Add(feature);
      if (!added.ok()) return added;
    }
    plan_->views = std::make_shared<const std::vector<ViewRead>>(std::move(views_));
    *metadata_.mutable_feature_names() = feast::serving::FeatureList();
    for (const std::string& name : names_) metadata_.mutable_feature_names()->add_val(name);
    plan_->metadata = WithoutVersions().SerializeAsString();
    plan_->metadata_with_versions = metadata_.SerializeAsString();
    return std::shared_ptr<const ReadPlan>(std::move(plan_));
  }

 private:
  static std::string RequestColumn(const Wanted& wanted, const std::string& join_key) {
    return wanted.projection ? wanted.projection->RequestColumn(join_key) : join_key;
  }

  void CollectKeyColumns(const std::vector<Wanted>& wanted) {
    std::set<std::string> columns;
    for (const Wanted& feature : wanted) {
      for (const JoinKey& key : feature.view->join_keys) {
        if (key.name != kEntitylessJoinKey) columns.insert(RequestColumn(feature, key.name));
      }
    }
    plan_->key_columns.assign(columns.begin(), columns.end());
    for (const std::string& name : plan_->key_columns) {
      taken_.insert(name);
      names_.push_back(name);
    }
  }

  absl::Status Add(const Wanted& wanted) {
    const std::string name =
        full_names_ ? absl::StrCat(wanted.ViewName(), "__", wanted.feature) : wanted.feature;
    if (!taken_.insert(name).second) {
      return InvalidField(
          "features", absl::StrCat("two columns of the answer would be called '", Quote(name), "'",
                                   full_names_ ? "" : "; full_feature_names tells views apart"));
    }
    names_.push_back(name);
    const size_t view = FindView(wanted);
    std::vector<std::string>& features = views_[view].features;
    const auto known = std::find(features.begin(), features.end(), wanted.feature);
    const size_t feature = static_cast<size_t>(known - features.begin());
    if (known == features.end()) features.push_back(wanted.feature);
    plan_->features.push_back({view, feature, wanted.view->ttl_seconds});
    return absl::OkStatus();
  }

  // A view is read once for each set of keys that it is asked for with.
  size_t FindView(const Wanted& wanted) {
    const size_t key_set = FindKeySet(wanted);
    std::string stored = layout_.ViewName(*wanted.view, wanted.Version());
    for (size_t i = 0; i < views_.size(); ++i) {
      if (views_[i].view == stored && views_[i].key_set == key_set) return i;
    }
    views_.push_back({std::move(stored), {}, key_set});
    auto* metadata = metadata_.add_feature_view_metadata();
    metadata->set_name(wanted.ViewName());
    metadata->set_version(wanted.Version());
    return views_.size() - 1;
  }

  size_t FindKeySet(const Wanted& wanted) {
    EntityKeyLayout layout(layout_.key_version, wanted.view->join_keys);
    std::vector<size_t> columns;
    for (const JoinKey& key : layout.join_keys()) {
      if (key.name == kEntitylessJoinKey) {
        columns.push_back(KeySetPlan::kImplied);
        continue;
      }
      const auto column = std::lower_bound(plan_->key_columns.begin(), plan_->key_columns.end(),
                                           RequestColumn(wanted, key.name));
      columns.push_back(static_cast<size_t>(column - plan_->key_columns.begin()));
    }
    const auto same = [&](const KeySetPlan& other) {
      return other.columns == columns &&
             std::equal(other.layout.join_keys().begin(), other.layout.join_keys().end(),
                        layout.join_keys().begin(), layout.join_keys().end(),
                        [](const JoinKey& a, const JoinKey& b) {
                          return a.name == b.name && a.type == b.type;
                        });
    };
    const auto known = std::find_if(plan_->key_sets.begin(), plan_->key_sets.end(), same);
    if (known != plan_->key_sets.end()) return static_cast<size_t>(known - plan_->key_sets.begin());
    plan_->key_sets.push_back({std::move(layout), std::move(columns), wanted.view->name});
    return plan_->key_sets.size() - 1;
  }

  GetOnlineFeaturesResponseMetadata WithoutVersions() const {
    GetOnlineFeaturesResponseMetadata names;
    *names.mutable_feature_names() = metadata_.feature_names();
    return names;
  }

  const StoreLayout& layout_;
  const bool full_names_;
  std::shared_ptr<ReadPlan> plan_ = std::make_shared<ReadPlan>();
  std::vector<ViewRead> views_;
  GetOnlineFeaturesResponseMetadata metadata_;
  std::vector<std::string> names_;
  absl::flat_hash_set<std::string> taken_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<const ReadPlan>> CompileReadPlan(
    const FeatureRegistry& registry, const StoreLayout& layout,
    const GetOnlineFeaturesRequest& request) {
  const absl::StatusOr<std::vector<Wanted>> wanted = WantedFeatures(registry, layout, request);
  if (!wanted.ok()) return wanted.status();
  return Compiler(layout, request.full_feature_names()).Compile(*wanted);
}

}  // namespace tournant
