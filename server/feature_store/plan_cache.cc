#include "feature_store/plan_cache.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "feast/serving/ServingService.pb.h"

namespace tournant {
namespace {

// Equal for requests that have the same plan. Lengths keep references with odd characters apart.
std::string ShapeOf(const feast::serving::GetOnlineFeaturesRequest& request) {
  std::string shape = request.full_feature_names() ? "full " : "short ";
  if (request.kind_case() == feast::serving::GetOnlineFeaturesRequest::kFeatureService) {
    absl::StrAppend(&shape, "service ", request.feature_service());
    return shape;
  }
  for (const std::string& reference : request.features().val()) {
    absl::StrAppend(&shape, reference.size(), ":", reference, ",");
  }
  return shape;
}

}  // namespace

PlanCache::PlanCache(std::shared_ptr<const FeatureRegistry> registry, const StoreLayout& layout,
                     size_t max_plans)
    : layout_(layout), max_plans_(max_plans), registry_(std::move(registry)) {}

void PlanCache::UseRegistry(std::shared_ptr<const FeatureRegistry> registry) {
  MutexLock lock(mutex_);
  registry_ = std::move(registry);
  plans_.clear();
}

absl::StatusOr<std::shared_ptr<const ReadPlan>> PlanCache::PlanFor(
    const feast::serving::GetOnlineFeaturesRequest& request) {
  std::string shape = ShapeOf(request);
  std::shared_ptr<const FeatureRegistry> registry;
  {
    MutexLock lock(mutex_);
    const auto known = plans_.find(shape);
    if (known != plans_.end()) return known->second;
    registry = registry_;
  }
  absl::StatusOr<std::shared_ptr<const ReadPlan>> plan =
      CompileReadPlan(*registry, layout_, request);
  if (!plan.ok()) return plan;  // Errors are not kept: they would crowd out what works.
  MutexLock lock(mutex_);
  if (registry != registry_) return plan;  // It is of yesterday already.
  if (plans_.size() >= max_plans_) plans_.clear();
  plans_.emplace(std::move(shape), *plan);
  return plan;
}

size_t PlanCache::size() {
  MutexLock lock(mutex_);
  return plans_.size();
}

}  // namespace tournant
