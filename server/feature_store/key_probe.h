#pragma once

#include <string>

#include "absl/container/flat_hash_set.h"
#include "base/call_context.h"
#include "base/mutex.h"
#include "base/task.h"
#include "feast/entity_key.h"
#include "feature_store/online_store.h"
#include "feature_store/read_plan.h"

namespace feast::serving {
class GetOnlineFeaturesRequest;
}

namespace tournant {

// A store whose keys were written in another version than the configured one answers NOT_FOUND for
// everything, and nothing else says so. So the first answer about a view that holds nothing at all
// is asked for once more in each of the other versions, and a warning names the one that hits.
// Costs that one request up to three reads more, and all others nothing. Thread-safe; owned by
// OnlineFeatures.
class KeyProbe {
 public:
  explicit KeyProbe(KeyVersion configured) : configured_(configured) {}

  // Whether Run is worth its reads: nothing of `rows` is present, and a view of the plan has not
  // been probed yet.
  bool Wanted(const ReadPlan& plan, const OnlineRows& rows);

  // `plan` and `request`, which ResolveRows has accepted, outlive the task.
  Task<void> Run(const CallContext& call, OnlineStore& store, const ReadPlan& plan,
                 const feast::serving::GetOnlineFeaturesRequest& request,
                 size_t max_key_bytes) const;

 private:
  const KeyVersion configured_;
  Mutex mutex_;
  absl::flat_hash_set<std::string> probed_ ABSL_GUARDED_BY(mutex_);  // names of views
};

}  // namespace tournant
