#include "features/cache_lookup.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "features/row_key.h"
#include "features/view_cache.h"

namespace tournant {
namespace {

// What is past its soft age in better times is still fresh in a brown-out.
constexpr int kBrownOutPatience = 2;

CacheAges AgesAt(const CacheAges& ages, BrownOutLevel level) {
  CacheAges at = ages;
  if (level >= BrownOutLevel::kNoExtras) {
    at.soft = std::min(ages.hard, kBrownOutPatience * ages.soft);
  }
  return at;
}

bool MayRefresh(const FetchPlan::View& view, BrownOutLevel level) {
  if (level >= BrownOutLevel::kCacheOnly) return false;
  return level < BrownOutLevel::kNoOptionalViews || !view.optional;
}

// Whether a value was still fresh when it was fetched and is stale now: the store may have a newer
// one. What was stale then the store can only have stale again.
bool HasGoneStale(const FetchPlan& plan, const FetchPlan::View& view, const CachedRow& row,
                  int64_t wall_us) {
  for (size_t i = 0; i < view.features.size(); ++i) {
    const std::optional<int64_t>& max_age_us = plan.features[view.features[i]].max_age_us;
    if (!max_age_us || row.cells.state(i, 0) != CellState::kValue) continue;
    const int64_t time = row.cells.event_time_us(i, 0);
    if (time == FetchedFeatures::kUnknownTime) continue;
    if (wall_us - time > *max_age_us && row.fetched_wall_us - time <= *max_age_us) return true;
  }
  return false;
}

}  // namespace

CacheLookup::CacheLookup(const FetchRequest& request, TimePoint now, int64_t wall_us,
                         BrownOutLevel level)
    : request_(request),
      plan_(request.plan),
      row_count_(static_cast<size_t>(request.rows)),
      now_(now),
      wall_us_(wall_us),
      wanted_(request.wanted.size(), 0) {
  for (size_t i = 0; i < plan_.views.size(); ++i) {
    const FetchPlan::View& view = plan_.views[i];
    const bool wants = std::any_of(view.features.begin(), view.features.end(),
                                   [&](size_t feature) { return request.wanted[feature] != 0; });
    if (!wants) continue;
    if (view.cache != nullptr) {
      LookUp(i, level);
      continue;
    }
    for (const size_t feature : view.features) wanted_[feature] = request.wanted[feature];
    for (size_t row = 0; row < row_count_; ++row) Lack(row);
  }
  if (lacks_.empty()) return;
  for (size_t row = 0; row < row_count_; ++row) {
    if (lacks_[row]) rows_.push_back(row);
  }
  if (rows_.size() < row_count_) SubsetKeys();
}

int64_t CacheLookup::WallMicros(const Clock& clock) {
  return std::chrono::duration_cast<std::chrono::microseconds>(clock.WallNow().time_since_epoch())
      .count();
}

void CacheLookup::LookUp(size_t index, BrownOutLevel level) {
  const FetchPlan::View& view = plan_.views[index];
  const CacheAges ages = AgesAt(view.ages, level);
  const bool may_refresh = MayRefresh(view, level);
  size_t hits = 0;
  size_t negative_hits = 0;
  Place place{0, index, "", nullptr};
  for (size_t row = 0; row < row_count_; ++row) {
    place.row = row;
    place.key.clear();
    AppendRowKey(request_.keys, view.keys, row, place.key);
    ViewCache::Hit hit = view.cache->Find(place.key, now_, ages, may_refresh);
    const bool gone_stale = hit.row != nullptr && HasGoneStale(plan_, view, *hit.row, wall_us_);
    if (hit.state == ViewCache::State::kRefresh) {
      if (gone_stale) {
        view.cache->RefreshFailed(place.key, now_);  // It is fetched at once.
      } else {
        to_refresh_.push_back(place);
      }
    }
    if (hit.state == ViewCache::State::kAbsent) {
      ++negative_hits;
      UseAbsence(place);
    } else if (hit.row != nullptr && !gone_stale) {
      ++hits;
      Use(place, *hit.row);
    } else {
      // The whole view, so that the row can be kept.
      for (const size_t feature : view.features) wanted_[feature] = 1;
      Lack(row);
      places_.push_back(place);
      places_.back().fallback = std::move(hit.row);
    }
  }
  CacheCounters& counters = view.cache->counters();
  const size_t misses = row_count_ - hits - negative_hits;
  if (hits > 0) counters.hits.Add(hits);
  if (negative_hits > 0) counters.negative_hits.Add(negative_hits);
  if (misses > 0) counters.misses.Add(misses);
}

void CacheLookup::Lack(size_t row) {
  lacks_.resize(row_count_, 0);
  lacks_[row] = 1;
}

void CacheLookup::SubsetKeys() {
  keys_.resize(request_.keys.size());
  for (size_t i = 0; i < keys_.size(); ++i) {
    const KeyColumn& from = request_.keys[i];
    keys_[i].type = from.type;
    for (const size_t row : rows_) {
      if (!from.integers.empty()) keys_[i].integers.push_back(from.integers[row]);
      if (!from.texts.empty()) keys_[i].texts.push_back(from.texts[row]);
    }
  }
}

FetchRequest CacheLookup::Remainder() const {
  return {plan_,
          keys_.empty() ? request_.keys : keys_,
          wanted_,
          static_cast<int64_t>(rows_.size()),
          request_.deadline,
          request_.owner};
}

FetchedFeatures& CacheLookup::result() {
  if (result_.features() == 0) result_ = FetchedFeatures(request_.wanted.size(), row_count_);
  return result_;
}

void CacheLookup::Use(const Place& place, const CachedRow& row) {
  const FetchPlan::View& view = plan_.views[place.view];
  FetchedFeatures& to = result();
  for (size_t i = 0; i < view.features.size(); ++i) {
    to.CopyCell(view.features[i], place.row, row.cells, i, 0);
    to.SetOrigin(view.features[i], place.row, CellOrigin::kCached);
  }
  ++used_;
  if (row.last_known != nullptr) UseLastKnown(place, *row.last_known);
}

void CacheLookup::UseAbsence(const Place& place) {
  const FetchPlan::View& view = plan_.views[place.view];
  FetchedFeatures& to = result();
  for (const size_t feature : view.features) {
    to.SetOrigin(feature, place.row, CellOrigin::kCached);
  }
  ++used_;
  if (!view.keeps_last_known) return;
  const std::shared_ptr<const CachedRow> last = view.cache->LastKnown(place.key);
  if (last != nullptr) UseLastKnown(place, last->cells);
}

void CacheLookup::UseLastKnown(const Place& place, const FetchedFeatures& values) {
  const FetchPlan::View& view = plan_.views[place.view];
  if (!view.keeps_last_known) return;
  FetchedFeatures& to = result();
  for (size_t i = 0; i < view.features.size(); ++i) {
    const size_t feature = view.features[i];
    if (values.state(i, 0) != CellState::kValue) continue;
    to.mutable_last_known().CopyCell(feature, place.row, values, i, 0);
  }
  ++used_;
}

bool CacheLookup::Store(const FetchPlan& plan, const FetchPlan::View& view, const std::string& key,
                        const FetchedFeatures& fetched, size_t fetched_row, TimePoint now,
                        int64_t wall_us) {
  bool absent = true;
  for (const size_t feature : view.features) {
    const CellState state = fetched.state(feature, fetched_row);
    if (state == CellState::kNotFetched || state == CellState::kUnusable) return false;
    if (state != CellState::kAbsent) absent = false;
  }
  if (absent) {
    view.cache->PutAbsent(key, now, view.keeps_last_known);
    return true;
  }
  CachedRow row{FetchedFeatures(view.features.size(), 1), now, wall_us, nullptr};
  for (size_t i = 0; i < view.features.size(); ++i) {
    row.cells.CopyCell(i, 0, fetched, view.features[i], fetched_row);
  }
  view.cache->Put(key, std::move(row), view.keeps_last_known);
  return true;
}

absl::StatusOr<FetchedFeatures> CacheLookup::Merge(absl::StatusOr<FetchedFeatures> fetched) {
  const absl::Status status = fetched.status();
  const FetchedFeatures* source = nullptr;
  if (!status.ok()) {
    TakeError(status);
  } else if (rows_.size() == row_count_ && used_ == 0) {
    result_ = *std::move(fetched);
    source = &result_;
  } else {
    TakeAnswer(*fetched);
    source = &*fetched;
  }
  for (const Place& place : places_) {
    const auto row = std::lower_bound(rows_.begin(), rows_.end(), place.row);
    Complete(place, source, static_cast<size_t>(row - rows_.begin()));
  }
  if (!status.ok() && used_ == 0) return status;
  return std::move(result_);
}

void CacheLookup::TakeAnswer(const FetchedFeatures& answer) {
  FetchedFeatures& to = result();
  for (size_t feature = 0; feature < wanted_.size(); ++feature) {
    for (size_t i = 0; wanted_[feature] && i < rows_.size(); ++i) {
      // What a cache knows is not given up for nothing.
      if (answer.state(feature, i) == CellState::kNotFetched &&
          to.origin(feature, rows_[i]) == CellOrigin::kCached) {
        continue;
      }
      to.CopyCell(feature, rows_[i], answer, feature, i);
    }
  }
  to.set_error(answer.error());
}

void CacheLookup::TakeError(const absl::Status& error) {
  FetchedFeatures& to = result();
  for (size_t feature = 0; feature < wanted_.size(); ++feature) {
    for (size_t i = 0; wanted_[feature] && i < rows_.size(); ++i) {
      if (to.origin(feature, rows_[i]) == CellOrigin::kCached) continue;
      to.SetNotFetched(feature, rows_[i]);
    }
  }
  to.set_error(error);
}

void CacheLookup::Complete(const Place& place, const FetchedFeatures* fetched, size_t fetched_row) {
  const FetchPlan::View& view = plan_.views[place.view];
  if (fetched != nullptr) {
    Store(plan_, view, place.key, *fetched, fetched_row, now_, wall_us_);
  }
  const bool got_nothing = result_.state(view.features[0], place.row) == CellState::kNotFetched;
  if (got_nothing && place.fallback != nullptr) {
    Use(place, *place.fallback);
    return;
  }
  if (!view.keeps_last_known) return;
  const std::shared_ptr<const CachedRow> last = view.cache->LastKnown(place.key);
  if (last == nullptr) return;
  UseLastKnown(place, last->cells);
  if (last->last_known != nullptr) UseLastKnown(place, *last->last_known);
}

}  // namespace tournant
