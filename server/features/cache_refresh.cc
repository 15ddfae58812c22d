#include "features/cache_refresh.h"

#include <utility>

#include "absl/container/flat_hash_map.h"
#include "features/answer_size.h"
#include "features/row_key.h"
#include "features/view_cache.h"

namespace tournant {

CacheRefresh::CacheRefresh(const FetchRequest& request,
                           const std::vector<CacheLookup::Place>& places)
    : plan_(request.plan),
      owner_(request.owner),
      places_(places),
      wanted_(request.wanted.size(), 0) {
  for (const CacheLookup::Place& place : places_) {
    const FetchPlan::View& view = plan_.views[place.view];
    for (const size_t feature : view.features) wanted_[feature] = 1;
    view.cache->counters().refreshes.Add();
  }
  const std::vector<size_t> columns = KeysOf(plan_, wanted_);
  absl::flat_hash_map<size_t, size_t> rows;
  for (CacheLookup::Place& place : places_) {
    const auto [row, added] = rows.emplace(place.row, keys_.rows());
    if (added) keys_.Add(request.keys, columns, place.row);
    place.row = row->second;
  }
}

void CacheRefresh::Start(const Setting& setting, const CallContext& call,
                         const FetchRequest& request,
                         const std::vector<CacheLookup::Place>& places) {
  Run(setting, call.home, call.clock,
      std::unique_ptr<CacheRefresh>(new CacheRefresh(request, places)));
}

Detached CacheRefresh::Run(Setting setting, EventLoop& home, const Clock& clock,
                           std::unique_ptr<CacheRefresh> refresh) {
  // Counted until all that it holds is gone: the plan, and through it the caches.
  const CallCount::Member here(setting.background);
  const std::unique_ptr<CacheRefresh> own = std::move(refresh);
  const TimePoint now = clock.Now();
  const int64_t wall_us = CacheLookup::WallMicros(clock);
  CallPhase phase(clock, nullptr);
  const CallContext context{home, clock, now + setting.timeout, std::stop_token(), phase};
  const FetchRequest request{own->plan_,       own->keys_.columns(),
                             own->wanted_,     static_cast<int64_t>(own->keys_.rows()),
                             context.deadline, own->owner_};
  absl::StatusOr<FetchedFeatures> answer = co_await setting.next.Fetch(context, request);
  CheckSize(request, answer);
  own->Keep(answer, now, wall_us);
}

void CacheRefresh::Keep(const absl::StatusOr<FetchedFeatures>& answer, TimePoint now,
                        int64_t wall_us) const {
  for (const CacheLookup::Place& place : places_) {
    const FetchPlan::View& view = plan_.views[place.view];
    if (answer.ok() &&
        CacheLookup::Store(plan_, view, place.key, *answer, place.row, now, wall_us)) {
      continue;
    }
    view.cache->RefreshFailed(place.key, now);
    view.cache->counters().failed_refreshes.Add();
  }
}

}  // namespace tournant
