#pragma once

#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "feature_store/read_plan.h"

namespace tournant {

// Compiled plans by what was asked for, so that a caller who repeats itself pays for compiling
// once. Thread-safe.
class PlanCache {
 public:
  // When `max_plans` are held the cache starts over: callers use a handful of shapes, and one who
  // makes up a new shape for each request must not fill the memory.
  PlanCache(std::shared_ptr<const FeatureRegistry> registry, const StoreLayout& layout,
            size_t max_plans);

  // Plans are made of this registry from now on. Those that were handed out stay good.
  void UseRegistry(std::shared_ptr<const FeatureRegistry> registry);

  absl::StatusOr<std::shared_ptr<const ReadPlan>> PlanFor(
      const feast::serving::GetOnlineFeaturesRequest& request);
  size_t size();

 private:
  const StoreLayout layout_;
  const size_t max_plans_;

  Mutex mutex_;
  std::shared_ptr<const FeatureRegistry> registry_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, std::shared_ptr<const ReadPlan>> plans_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tournant
