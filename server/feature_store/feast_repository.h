#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "feature_store/feature_store_options.h"

namespace tournant {

// What the feature_store.yaml of a Feast feature repository says about its registry and its online
// store, as options of this server: project, registry, store, key version and whether view names
// carry versions. `path` is the repository's folder or the file itself; relative paths in the file
// are relative to its folder, $NAME and ${NAME} are replaced from `environment` ("NAME=value"
// entries), and what is left out is what Feast 0.66 takes for it (repo_config.py).
//
// NOT_FOUND without such a file. INVALID_ARGUMENT, with file, line and column, for what is no YAML,
// has the wrong type, or names a registry or store that is not read here. Never shows a password.
absl::StatusOr<FeatureStoreOptions> ReadFeastRepository(
    const std::string& path, const std::vector<std::string>& environment);

}  // namespace tournant
