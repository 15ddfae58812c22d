#include "features/brown_out_client.h"

#include <algorithm>
#include <utility>

#include "features/fetch_outcome.h"

namespace tournant {
namespace {

absl::Status LeftOut(const char* what) { return NotAsked(absl::UnavailableError(what)); }

bool IsOptional(const FetchPlan& plan, size_t feature) {
  return !plan.views.empty() && plan.views[plan.features[feature].view].optional;
}

bool Any(const std::vector<uint8_t>& wanted) {
  return std::find(wanted.begin(), wanted.end(), 1) != wanted.end();
}

}  // namespace

Task<absl::StatusOr<FetchedFeatures>> BrownOutClient::Fetch(const CallContext& call,
                                                            const FetchRequest& request) {
  const BrownOutLevel level = brown_out_.level();
  // Passed on without a frame of its own, which would take memory as long as the call waits.
  if (level < BrownOutLevel::kNoOptionalViews) return next_.Fetch(call, request);
  return FetchLess(call, request, level);
}

Task<absl::StatusOr<FetchedFeatures>> BrownOutClient::FetchLess(const CallContext& call,
                                                                const FetchRequest& request,
                                                                BrownOutLevel level) {
  if (level >= BrownOutLevel::kCacheOnly) {
    counters_.refused.Add();
    co_return LeftOut("in a brown-out the feature store is not asked");
  }
  std::vector<uint8_t> wanted = request.wanted;
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (IsOptional(request.plan, i)) wanted[i] = 0;
  }
  const absl::Status why = LeftOut("in a brown-out optional views are not fetched");
  if (!Any(wanted)) {
    counters_.refused.Add();
    co_return why;
  }
  if (wanted == request.wanted || !request.plan.feature_service.empty()) {
    co_return co_await next_.Fetch(call, request);
  }
  counters_.trimmed.Add();
  FetchRequest trimmed{request.plan, request.keys,     wanted,
                       request.rows, request.deadline, request.owner};
  absl::StatusOr<FetchedFeatures> fetched = co_await next_.Fetch(call, trimmed);
  if (!fetched.ok()) co_return fetched;
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] || !request.wanted[i]) continue;
    for (size_t row = 0; row < fetched->rows(); ++row) fetched->SetNotFetched(i, row);
  }
  if (fetched->error().ok()) fetched->set_error(why);
  co_return fetched;
}

}  // namespace tournant
