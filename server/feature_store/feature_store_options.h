#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "feature_store/call_limit.h"

namespace tournant {

// What a feature store serves, in the words of the flags of tournant-feature-store.
struct FeatureStoreOptions {
  std::string store;              // "sqlite:PATH" or "redis://..."
  std::string registry;           // path of Feast's registry file
  std::string project;            // may be empty where the registry holds exactly one
  std::string key_version = "3";  // entity_key_serialization_version of the writer
  bool versioned_views = false;   // the writer's registry.enable_online_feature_view_versioning
  std::string writer_tz = "UTC";  // zone of the process that materialized
  std::string address;            // "host:port"; empty: reached by InProcessChannel only
  size_t max_message_bytes = 64 << 20;  // in either direction
  CallLimitOptions call_limit;
  std::chrono::milliseconds max_connection_age{std::chrono::minutes(5)};  // 0: never closed
  // How often the registry file is looked at. It has to look the same twice before it is read.
  std::chrono::milliseconds registry_period{1000};
};

// The embedded form, tournant-server's --feature_store: "sqlite:PATH?registry=PATH",
// "redis://...?registry=PATH" or "feast:DIR" (see feast_repository.h), with project, key_version,
// versioned_views and writer_tz, and those of Redis's address, as further parameters joined by '&'.
// They win over what DIR says. INVALID_ARGUMENT names what is wrong. `environment` is for
// feast:DIR.
absl::StatusOr<FeatureStoreOptions> ParseEmbeddedFeatureStore(
    absl::string_view flag, const std::vector<std::string>& environment);

// Sets `versioned_views` by the text of a flag or parameter: true or false.
absl::Status SetVersionedViews(absl::string_view text, FeatureStoreOptions& options);

// Whether a store is meant to be Redis, whatever else is wrong with its address.
bool IsRedisStore(absl::string_view store);

// OK when `store` is the name of a store, which need not be there. Never shows a password.
absl::Status CheckStoreName(absl::string_view store);

// The path in "sqlite:PATH".
absl::StatusOr<std::string> SqlitePath(absl::string_view store);

}  // namespace tournant
