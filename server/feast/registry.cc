#include "feast/registry.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "feast/core/Registry.pb.h"

namespace tournant {
namespace {

namespace core = feast::core;

using EntitiesByName = absl::flat_hash_map<std::string, const core::EntitySpecV2*>;

template <class Columns>
std::vector<RegisteredFeature> Features(const Columns& columns) {
  std::vector<RegisteredFeature> features;
  features.reserve(columns.size());
  for (const core::FeatureSpecV2& column : columns) {
    features.push_back({column.name(), static_cast<ValueType>(column.value_type())});
  }
  return features;
}

// The typed columns where the registry has them; else, as old registries do, by way of the
// entities.
template <class Spec>
std::vector<JoinKey> JoinKeys(const Spec& spec, const EntitiesByName& entities) {
  std::vector<JoinKey> keys;
  for (const core::FeatureSpecV2& column : spec.entity_columns()) {
    keys.push_back({column.name(), static_cast<ValueType>(column.value_type())});
  }
  if (keys.empty()) {
    for (const std::string& name : spec.entities()) {
      const auto entity = entities.find(name);
      if (name == "__dummy") {
        keys.push_back({std::string(kEntitylessJoinKey), ValueType::kString});
      } else if (entity == entities.end()) {
        keys.push_back({name, ValueType::kInvalid});
      } else {
        const core::EntitySpecV2& found = *entity->second;
        keys.push_back({found.join_key().empty() ? name : found.join_key(),
                        static_cast<ValueType>(found.value_type())});
      }
    }
  }
  if (keys.empty()) keys.push_back({std::string(kEntitylessJoinKey), ValueType::kString});
  std::sort(keys.begin(), keys.end(),
            [](const JoinKey& a, const JoinKey& b) { return a.name < b.name; });
  return keys;
}

template <class View>
RegisteredView StoredView(const View& stored, ViewKind kind, const EntitiesByName& entities) {
  const auto& spec = stored.spec();
  RegisteredView view;
  view.name = spec.name();
  view.kind = kind;
  view.join_keys = JoinKeys(spec, entities);
  view.features = Features(spec.features());
  // Ages are compared in whole seconds, so a fraction rounds up.
  view.ttl_seconds = spec.ttl().seconds() + (spec.ttl().nanos() > 0 ? 1 : 0);
  view.online = spec.online();
  const core::FeatureViewState state = stored.meta().state();
  view.enabled = !spec.disabled() &&
                 (state == core::FEATURE_VIEW_STATE_UNSPECIFIED || state == core::AVAILABLE_ONLINE);
  view.version = stored.meta().current_version_number();
  return view;
}

absl::StatusOr<std::string> ChooseProject(const core::Registry& registry,
                                          absl::string_view wanted) {
  std::set<std::string> known;
  for (const core::Project& project : registry.projects()) known.insert(project.spec().name());
  for (const core::FeatureView& view : registry.feature_views()) {
    known.insert(view.spec().project());
  }
  if (known.empty()) return absl::InvalidArgumentError("holds no project and no feature view");
  if (wanted.empty()) {
    if (known.size() == 1) return *known.begin();
    return absl::InvalidArgumentError(absl::StrCat("holds several projects, one has to be named: ",
                                                   Quote(absl::StrJoin(known, ", "), 512)));
  }
  if (!known.contains(std::string(wanted))) {
    return absl::NotFoundError(absl::StrCat("holds no project '", Quote(wanted), "', only ",
                                            Quote(absl::StrJoin(known, ", "), 512)));
  }
  return std::string(wanted);
}

}  // namespace

const RegisteredFeature* RegisteredView::FindFeature(absl::string_view feature) const {
  for (const RegisteredFeature& candidate : features) {
    if (candidate.name == feature) return &candidate;
  }
  return nullptr;
}

const std::string& ServiceProjection::RequestColumn(const std::string& join_key) const {
  const auto mapped = join_key_map.find(join_key);
  return mapped == join_key_map.end() ? join_key : mapped->second;
}

void FeatureRegistry::Load(const core::Registry& registry) {
  version_id_ = registry.version_id();
  EntitiesByName entities;
  for (const core::Entity& entity : registry.entities()) {
    if (entity.spec().project() == project_) entities[entity.spec().name()] = &entity.spec();
  }
  for (const core::FeatureView& view : registry.feature_views()) {
    if (view.spec().project() != project_) continue;
    views_.push_back(StoredView(view, ViewKind::kPlain, entities));
  }
  for (const core::StreamFeatureView& view : registry.stream_feature_views()) {
    if (view.spec().project() != project_) continue;
    views_.push_back(StoredView(view, ViewKind::kStream, entities));
  }
  for (const core::OnDemandFeatureView& view : registry.on_demand_feature_views()) {
    if (view.spec().project() != project_) continue;
    RegisteredView computed;
    computed.name = view.spec().name();
    computed.kind = ViewKind::kOnDemand;
    computed.features = Features(view.spec().features());
    views_.push_back(std::move(computed));
  }
  for (const core::FeatureService& service : registry.feature_services()) {
    if (service.spec().project() != project_) continue;
    RegisteredService& loaded = services_.emplace_back();
    loaded.name = service.spec().name();
    for (const core::FeatureViewProjection& entry : service.spec().features()) {
      ServiceProjection& projection = loaded.projections.emplace_back();
      projection.view = entry.feature_view_name();
      projection.alias = entry.feature_view_name_alias().empty() ? entry.feature_view_name()
                                                                 : entry.feature_view_name_alias();
      for (const core::FeatureSpecV2& column : entry.feature_columns()) {
        projection.features.push_back(column.name());
      }
      if (entry.has_version_tag()) projection.version = entry.version_tag();
      projection.join_key_map.insert(entry.join_key_map().begin(), entry.join_key_map().end());
    }
  }
}

absl::Status FeatureRegistry::Index() {
  for (size_t i = 0; i < views_.size(); ++i) {
    if (!view_index_.emplace(views_[i].name, i).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("has two feature views named '", Quote(views_[i].name), "'"));
    }
  }
  for (size_t i = 0; i < services_.size(); ++i) {
    if (!service_index_.emplace(services_[i].name, i).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("has two feature services named '", Quote(services_[i].name), "'"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const FeatureRegistry>> FeatureRegistry::Parse(
    absl::string_view bytes, absl::string_view project) {
  core::Registry parsed;
  if (!parsed.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::InvalidArgumentError(
        absl::StrCat("is no Feast registry: ", bytes.size(),
                     " bytes that are not one feast.core.Registry message (truncated?)"));
  }
  absl::StatusOr<std::string> chosen = ChooseProject(parsed, project);
  if (!chosen.ok()) return chosen.status();

  std::shared_ptr<FeatureRegistry> registry(new FeatureRegistry());
  registry->project_ = *std::move(chosen);
  registry->Load(parsed);
  const absl::Status indexed = registry->Index();
  if (!indexed.ok()) return indexed;
  return std::shared_ptr<const FeatureRegistry>(std::move(registry));
}

absl::StatusOr<std::shared_ptr<const FeatureRegistry>> FeatureRegistry::ReadFile(
    const std::string& path, absl::string_view project) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return absl::NotFoundError(absl::StrCat("registry ", path, ": ", std::strerror(errno)));
  }
  std::string bytes;
  char block[1 << 16];
  do {
    file.read(block, sizeof(block));
    bytes.append(block, static_cast<size_t>(file.gcount()));
  } while (file);
  if (!file.eof()) {
    return absl::UnavailableError(absl::StrCat("registry ", path, " cannot be read"));
  }
  if (bytes.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("registry ", path, " is empty"));
  }
  absl::StatusOr<std::shared_ptr<const FeatureRegistry>> parsed = Parse(bytes, project);
  if (!parsed.ok()) {
    return absl::Status(parsed.status().code(),
                        absl::StrCat("registry ", path, " ", parsed.status().message()));
  }
  return parsed;
}

const RegisteredView* FeatureRegistry::FindView(absl::string_view name) const {
  const auto found = view_index_.find(name);
  return found == view_index_.end() ? nullptr : &views_[found->second];
}

const RegisteredService* FeatureRegistry::FindService(absl::string_view name) const {
  const auto found = service_index_.find(name);
  return found == service_index_.end() ? nullptr : &services_[found->second];
}

}  // namespace tournant
