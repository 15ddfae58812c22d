#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "base/call_context.h"
#include "base/task.h"
#include "feast/registry.h"
#include "feature_store/key_probe.h"
#include "feature_store/online_store.h"
#include "feature_store/plan_cache.h"
#include "feature_store/store_layout.h"
#include "feature_store/store_metrics.h"

namespace tournant {

// What GetOnlineFeatures means, over any store: plan, keys, one read, answer. Where Feast's own
// servers disagree with each other it keeps to the meaning of the protocol's statuses: key columns
// first and sorted, features in the order asked for, NULL_VALUE for a stored null, NOT_FOUND for
// what is not stored, OUTSIDE_MAX_AGE with the value.
//
// Owned by the server; outlives every call. Thread-safe.
class OnlineFeatures {
 public:
  struct Options {
    StoreLayout layout;
    size_t max_key_bytes = 16 << 10;
    size_t max_cells = 4 << 20;  // rows times columns of one answer
    size_t max_answer_bytes = 64 << 20;
    size_t max_plans = 1024;
  };

  // `metrics` hears of reads and answers, and may be null.
  OnlineFeatures(std::shared_ptr<const FeatureRegistry> registry, OnlineStore& store,
                 const Options& options, StoreMetrics* metrics = nullptr);

  // For requests from now on.
  void UseRegistry(std::shared_ptr<const FeatureRegistry> registry) {
    plans_.UseRegistry(std::move(registry));
  }

  // The serialized GetOnlineFeaturesResponse. `request` is kept alive by the caller until the task
  // has ended.
  Task<absl::StatusOr<std::string>> Get(const CallContext& call,
                                        const feast::serving::GetOnlineFeaturesRequest& request);

 private:
  Task<absl::StatusOr<OnlineRows>> Read(const CallContext& call, OnlineRead read);

  OnlineStore& store_;
  const Options options_;
  StoreMetrics* const metrics_;
  PlanCache plans_;
  KeyProbe key_probe_;
};

}  // namespace tournant
