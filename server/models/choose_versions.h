#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "models/found_model.h"
#include "models/model_config.h"

namespace tournant {

// Those of `found`, which is ascending, that `policy` wants to be served; ascending, at least one.
// Of the versions that a policy names, those that are there count; NOT_FOUND when none is.
absl::StatusOr<std::vector<FoundVersion>> ChooseVersions(const VersionPolicy& policy,
                                                         const std::vector<FoundVersion>& found);

}  // namespace tournant
