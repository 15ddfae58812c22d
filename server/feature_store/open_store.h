#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "feature_store/feature_store_options.h"
#include "feature_store/online_store.h"

namespace tournant {

// The store that `options.store` names, for the registry's project. A file has to be there; a Redis
// that is down is no error, it is connected to once it is up. `clock` outlives the store.
absl::StatusOr<std::unique_ptr<OnlineStore>> OpenOnlineStore(const FeatureStoreOptions& options,
                                                             const std::string& project,
                                                             const Clock& clock);

}  // namespace tournant
