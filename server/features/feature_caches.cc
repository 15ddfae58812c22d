#include "features/feature_caches.h"

#include "absl/strings/str_cat.h"

namespace tournant {
namespace {

// What has to be equal for one row to be the answer to both. No name holds a line break.
std::string Identity(const FetchPlan& plan, const FetchPlan::View& view) {
  std::string identity = absl::StrCat(plan.feature_service, "\n", view.name, "\n");
  for (const size_t key : view.keys) {
    absl::StrAppend(&identity, plan.keys[key].name, " ", static_cast<int>(plan.keys[key].type),
                    "\n");
  }
  for (const size_t feature : view.features) {
    absl::StrAppend(&identity, plan.features[feature].ref, "\n");
  }
  return identity;
}

}  // namespace

std::shared_ptr<ViewCache> FeatureCaches::Open(const FetchPlan& plan, const FetchPlan::View& view,
                                               size_t max_bytes) {
  MutexLock lock(mutex_);
  std::erase_if(caches_, [](const auto& entry) { return entry.second.expired(); });
  std::weak_ptr<ViewCache>& known = caches_[Identity(plan, view)];
  if (std::shared_ptr<ViewCache> cache = known.lock(); cache != nullptr) {
    cache->Resize(max_bytes);
    return cache;
  }
  std::shared_ptr<CacheCounters>& counters = counters_[view.name];
  if (counters == nullptr) counters = std::make_shared<CacheCounters>();
  auto cache = std::make_shared<ViewCache>(max_bytes, *rng_, counters);
  known = cache;
  return cache;
}

int64_t FeatureCaches::max_bytes() const {
  MutexLock lock(mutex_);
  int64_t bytes = 0;
  for (const auto& [key, weak] : caches_) {
    if (const auto cache = weak.lock()) bytes += static_cast<int64_t>(cache->max_bytes());
  }
  return bytes;
}

void FeatureCaches::ForEachView(
    const std::function<void(const std::string& view, const CacheCounters&)>& visit) const {
  MutexLock lock(mutex_);
  for (const auto& [view, counters] : counters_) visit(view, *counters);
}

}  // namespace tournant
