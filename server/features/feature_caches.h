#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/mutex.h"
#include "base/rng.h"
#include "features/cache_counters.h"
#include "features/fetch_plan.h"
#include "features/view_cache.h"

namespace tournant {

// The caches of all views that a model caches. Versions that ask for the same features of a view by
// the same keys share one, so that a new version begins with a warm cache; it is gone with the last
// of them. Owned by main, outlives the loader. Thread-safe.
class FeatureCaches {
 public:
  explicit FeatureCaches(Rng& rng) : rng_(&rng) {}  // `rng` is used by this object alone.

  // The cache of a view of `plan`, which from now on holds `max_bytes`.
  std::shared_ptr<ViewCache> Open(const FetchPlan& plan, const FetchPlan::View& view,
                                  size_t max_bytes);

  // What all of them together may come to hold.
  int64_t max_bytes() const;

  // For metrics: each view that was ever cached, by its name in the bindings.
  void ForEachView(
      const std::function<void(const std::string& view, const CacheCounters&)>& visit) const;

 private:
  mutable Mutex mutex_;
  Rng* const rng_ ABSL_PT_GUARDED_BY(mutex_);
  std::map<std::string, std::weak_ptr<ViewCache>> caches_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::shared_ptr<CacheCounters>> counters_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tournant
