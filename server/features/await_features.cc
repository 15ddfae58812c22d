#include "features/await_features.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "features/answer_size.h"
#include "features/bound_request.h"
#include "features/deadline_budget.h"
#include "features/key_columns.h"
#include "features/view_cells.h"

namespace tournant {

Task<absl::StatusOr<AssembledInputs>> AwaitFeatures(const CallContext& call,
                                                    const FeaturePlan& plan, FeatureClient* client,
                                                    const std::vector<NamedTensor>& request,
                                                    int64_t rows, AwaitFeaturesOptions options) {
  const absl::StatusOr<BoundRequest> bound = BindRequest(plan, request);
  if (!bound.ok()) co_return bound.status();
  const std::vector<uint8_t> wanted = WantedFeatures(plan, *bound);
  absl::StatusOr<FetchedFeatures> fetched = FetchedFeatures();
  bool budget_exhausted = false;
  if (std::find(wanted.begin(), wanted.end(), 1) != wanted.end()) {
    const absl::StatusOr<std::vector<KeyColumn>> keys = ReadKeys(plan, *bound, request, rows);
    if (!keys.ok()) co_return keys.status();
    const FetchBudget budget{options.cap, options.reserve};
    const TimePoint now = call.clock.Now();
    const std::optional<TimePoint> deadline = FetchDeadline(now, call.deadline, budget);
    budget_exhausted = !deadline;
    if (client == nullptr) {
      fetched = absl::UnavailableError("no feature store is configured");
    } else if (!deadline && !plan.fetch().cached()) {
      fetched = NoTimeToFetch();
    } else {
      // Without any time left there still are the caches.
      const FetchRequest fetch{plan.fetch(),           *keys, wanted, rows, deadline.value_or(now),
                               plan.shared_from_this()};
      fetched = co_await client->Fetch(call, fetch);
      CheckSize(fetch, fetched);
    }
    if (absl::Status alive = call.Alive(); !alive.ok()) co_return alive;
  }
  absl::StatusOr<AssembledInputs> assembled =
      Assemble(plan, request, *bound, rows, fetched, call.clock.WallNow(), options.keep_cells);
  if (!assembled.ok()) co_return assembled;
  assembled->provenance.budget_exhausted = budget_exhausted;
  for (size_t i = 0; i < assembled->by_view.size(); ++i) {
    ViewCellCounters* const counters = plan.fetch().views[i].cells.get();
    if (counters != nullptr) counters->Add(assembled->by_view[i]);
  }
  co_return assembled;
}

}  // namespace tournant
