#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "feast/value_type.h"

namespace feast::core {
class Registry;
}

namespace tournant {

// The join key of views without entities. Its only value is the empty string.
inline constexpr absl::string_view kEntitylessJoinKey = "__dummy_id";

struct JoinKey {
  std::string name;
  ValueType type = ValueType::kInvalid;  // kInvalid: the registry does not say
};

struct RegisteredFeature {
  std::string name;
  ValueType type = ValueType::kInvalid;
};

enum class ViewKind { kPlain, kStream, kOnDemand };

struct RegisteredView {
  std::string name;
  ViewKind kind = ViewKind::kPlain;
  std::vector<JoinKey> join_keys;  // sorted by UTF-8 bytes: the order of the stored key
  std::vector<RegisteredFeature> features;
  int64_t ttl_seconds = 0;  // 0: values never expire
  bool online = true;
  bool enabled = true;  // neither disabled nor in a state that forbids online reads
  int version = 0;

  // Null when the view has no such feature. The pointer lives as long as the registry.
  const RegisteredFeature* FindFeature(absl::string_view name) const;
};

// One entry of a feature service: some features of a view, under a name of their own, with keys
// that a request may call otherwise.
struct ServiceProjection {
  std::string view;
  std::string alias;                  // the name in results; the view's own without an alias
  std::vector<std::string> features;  // in the service's order
  absl::flat_hash_map<std::string, std::string>
      join_key_map;            // view's join key -> request's column
  std::optional<int> version;  // of the view, where the service is bound to one

  // The request's column for one of the view's join keys.
  const std::string& RequestColumn(const std::string& join_key) const;
};

struct RegisteredService {
  std::string name;
  std::vector<ServiceProjection> projections;
};

// One project of a Feast registry file: an immutable snapshot, shared by pointer by whoever reads
// it. Any thread.
class FeatureRegistry {
 public:
  // `bytes` is a serialized feast.core.Registry. `project` may be empty where the registry holds
  // exactly one. INVALID_ARGUMENT says what is wrong with the bytes, NOT_FOUND which projects there
  // are instead.
  static absl::StatusOr<std::shared_ptr<const FeatureRegistry>> Parse(absl::string_view bytes,
                                                                      absl::string_view project);
  // The same from a file; every error names it.
  static absl::StatusOr<std::shared_ptr<const FeatureRegistry>> ReadFile(const std::string& path,
                                                                         absl::string_view project);

  const std::string& project() const { return project_; }
  const std::string& version_id() const { return version_id_; }
  const std::vector<RegisteredView>& views() const { return views_; }
  const std::vector<RegisteredService>& services() const { return services_; }

  // Null when there is none. Pointers live as long as the registry.
  const RegisteredView* FindView(absl::string_view name) const;
  const RegisteredService* FindService(absl::string_view name) const;

 private:
  FeatureRegistry() = default;
  void Load(const feast::core::Registry& registry);
  absl::Status Index();

  std::string project_;
  std::string version_id_;
  std::vector<RegisteredView> views_;
  std::vector<RegisteredService> services_;
  absl::flat_hash_map<std::string, size_t> view_index_;
  absl::flat_hash_map<std::string, size_t> service_index_;
};

}  // namespace tournant
