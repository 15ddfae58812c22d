#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/call_context.h"
#include "base/task.h"
#include "feast/value_type.h"
#include "features/fetch_plan.h"
#include "features/fetched_features.h"

namespace tournant {

// The values of one join key, one a row: integers or texts, as `type` says. Texts belong to the
// call's request.
struct KeyColumn {
  ValueType type = ValueType::kInvalid;
  std::vector<int64_t> integers;
  std::vector<absl::string_view> texts;
};

// One call's wish for features. Everything it refers to lives in the awaiting frame.
struct FetchRequest {
  const FetchPlan& plan;
  const std::vector<KeyColumn>& keys;  // One for each key of the plan.
  const std::vector<uint8_t>& wanted;  // For each feature of the plan: whether to fetch it.
  int64_t rows = 0;
  TimePoint deadline;  // Not later than the call's.
  // Keeps the plan alive: held by fetches that may outlive the call that they began with. Null: the
  // plan outlives all of them.
  std::shared_ptr<const void> owner = nullptr;
};

// Where features come from. Owned by main, outlives every call; used by all event loops at once.
class FeatureClient {
 public:
  virtual ~FeatureClient() = default;

  // All wanted features of all rows at once. The answer covers the whole plan, in its order; of
  // what was not wanted nothing is known. Where only a part could be had, the other cells are
  // kNotFetched. Resumes on the call's loop, at the latest a little after the
  // request's deadline or once the call is cancelled. UNAVAILABLE, DEADLINE_EXCEEDED and
  // RESOURCE_EXHAUSTED are trouble on the way; other errors are the store's word about the request.
  virtual Task<absl::StatusOr<FetchedFeatures>> Fetch(const CallContext& call,
                                                      const FetchRequest& request) = 0;
};

}  // namespace tournant
