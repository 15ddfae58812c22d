#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/call_context.h"
#include "base/call_count.h"
#include "base/task.h"
#include "features/cache_lookup.h"
#include "features/feature_client.h"
#include "features/owned_keys.h"

namespace tournant {

// Fetches rows of cached views again after a call was served with them: begins on the call's loop,
// belongs to no call, and owns all that it needs.
class CacheRefresh {
 public:
  // What lies behind the caches, and how long it may take. Outlives the refresh, which `background`
  // counts.
  struct Setting {
    FeatureClient& next;
    CallCount& background;
    Duration timeout;
  };

  static void Start(const Setting& setting, const CallContext& call, const FetchRequest& request,
                    const std::vector<CacheLookup::Place>& places);

 private:
  CacheRefresh(const FetchRequest& request, const std::vector<CacheLookup::Place>& places);

  static Detached Run(Setting setting, EventLoop& home, const Clock& clock,
                      std::unique_ptr<CacheRefresh> refresh);
  void Keep(const absl::StatusOr<FetchedFeatures>& answer, TimePoint now, int64_t wall_us) const;

  const FetchPlan& plan_;
  const std::shared_ptr<const void> owner_;
  std::vector<CacheLookup::Place> places_;  // `row` is that of the fetch.
  std::vector<uint8_t> wanted_;
  OwnedKeys keys_;
};

}  // namespace tournant
