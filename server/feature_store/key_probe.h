#pragma once

#include <string>

#include "absl/container/flat_hash_map.h"
#include "base/call_context.h"
#include "base/clock.h"
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
// everything, and nothing else says so. So an answer that holds nothing at all is asked for once
// more in each of the other versions, and a warning names those that hit: once for each view. As
// long as none does, which is what entities look like that are really not stored, one answer in ten
// seconds is probed. Costs that request three reads more, and all others nothing. Thread-safe;
// owned by OnlineFeatures.
class KeyProbe {
 public:
  explicit KeyProbe(KeyVersion configured) : configured_(configured) {}

  // Whether this answer is to be probed with Run: nothing of `rows` is present, and a view of the
  // plan has neither been reported nor been probed lately. If so, it is the one for its views for a
  // while.
  bool TakeTurn(const ReadPlan& plan, const OnlineRows& rows, TimePoint now);

  // `plan` and `request`, which ResolveRows has accepted, outlive the task.
  Task<void> Run(const CallContext& call, OnlineStore& store, const ReadPlan& plan,
                 const feast::serving::GetOnlineFeaturesRequest& request, size_t max_key_bytes);

 private:
  const KeyVersion configured_;
  Mutex mutex_;
  // By view: when it may be probed again; never, once it was reported.
  absl::flat_hash_map<std::string, TimePoint> next_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tournant
