#include "features/view_cache.h"

#include <string>

#include "fakes/manual_clock.h"
#include "features/feature_caches.h"
#include "gtest/gtest.h"

namespace tournant {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using State = ViewCache::State;

CachedRow Row(double value, TimePoint fetched_at = {}) {
  CachedRow row{FetchedFeatures(1, 1), fetched_at, 0, nullptr};
  row.cells.SetFloating(0, 0, value);
  return row;
}
std::shared_ptr<const CachedRow> Shared(double value) {
  return std::make_shared<const CachedRow>(Row(value));
}
double ValueOf(const CachedRow& row) { return row.cells.element(0, 0, 0).floating; }

TEST(CachedRow, CountsEachOfItsBytesOnce) {
  CachedRow row = Row(1);
  const size_t cells = row.cells.bytes() - sizeof(FetchedFeatures);
  EXPECT_EQ(row.bytes(), sizeof(CachedRow) + cells);
  row.last_known = std::make_shared<const FetchedFeatures>(1, 1);
  EXPECT_EQ(row.bytes(), sizeof(CachedRow) + cells + row.last_known->bytes());
}

// What one entry with a short key costs.
size_t EntryBytes() {
  ClockMap map;
  map.set_max_bytes(1 << 20);
  map.Put("00", Shared(0));
  return map.bytes();
}

TEST(ClockMap, ForgetsFirstWhatWasNotLookedAt) {
  ClockMap map;
  map.set_max_bytes(3 * EntryBytes());
  for (const char* key : {"k0", "k1", "k2"}) ASSERT_NE(map.Put(key, Shared(1)), nullptr);
  EXPECT_NE(map.Find("k0"), nullptr);
  EXPECT_NE(map.Find("k2"), nullptr);
  ASSERT_NE(map.Put("k3", Shared(3)), nullptr);
  EXPECT_EQ(map.Find("k1"), nullptr);
  EXPECT_NE(map.Find("k0"), nullptr);
  EXPECT_NE(map.Find("k2"), nullptr);
  EXPECT_NE(map.Find("k3"), nullptr);
  EXPECT_EQ(map.evictions(), 1u);
  EXPECT_EQ(map.entries(), 3u);
}

TEST(ClockMap, StaysWithinItsBytesWhateverIsPut) {
  ClockMap map;
  const size_t bound = 10 * EntryBytes();
  map.set_max_bytes(bound);
  SeededRng rng(1);
  for (int i = 0; i < 2000; ++i) {
    const std::string key(1 + rng.Next() % 200, static_cast<char>('a' + rng.Next() % 26));
    if (rng.Next() % 5 == 0) {
      map.Erase(key);
    } else if (rng.Next() % 3 == 0) {
      map.Find(key);
    } else {
      map.Put(key, rng.Next() % 2 == 0 ? nullptr : Shared(1));
    }
    ASSERT_LE(map.bytes(), bound);
  }
  EXPECT_GT(map.entries(), 1u);
  EXPECT_GT(map.evictions(), 0u);
}

TEST(ClockMap, ANewRowTakesThePlaceOfAnOldOne) {
  ClockMap map;
  map.set_max_bytes(2 * EntryBytes());
  map.Put("k0", Shared(1));
  map.Put("k1", Shared(2));
  EXPECT_EQ(ValueOf(*map.Put("k0", Shared(3))->row), 3);
  EXPECT_EQ(map.bytes(), 2 * EntryBytes());
  EXPECT_EQ(map.evictions(), 0u);
}

TEST(ClockMap, WhatIsLargerThanTheBoundIsNotKept) {
  ClockMap map;
  map.set_max_bytes(EntryBytes());
  ASSERT_NE(map.Put("k0", Shared(1)), nullptr);
  EXPECT_EQ(map.Put("k0", std::make_shared<const CachedRow>(
                              CachedRow{FetchedFeatures(100, 1), {}, 0, nullptr})),
            nullptr);
  EXPECT_EQ(map.Find("k0"), nullptr);
  EXPECT_EQ(map.bytes(), 0u);
}

class ViewCacheTest : public ::testing::Test {
 protected:
  static constexpr CacheAges kAges{seconds(10), seconds(60), seconds(2)};

  ViewCache::Hit Find(absl::string_view key) {
    return cache_.Find(key, clock_.Now(), kAges, /*may_refresh=*/true);
  }
  void Put(absl::string_view key, double value, bool keep_last_known = false) {
    cache_.Put(key, Row(value, clock_.Now()), keep_last_known);
  }

  ManualClock clock_;
  SeededRng rng_{1};
  std::shared_ptr<CacheCounters> counters_ = std::make_shared<CacheCounters>();
  ViewCache cache_{1 << 20, rng_, counters_};
};

TEST_F(ViewCacheTest, ARowIsFreshThenRefreshedThenGone) {
  EXPECT_EQ(Find("k").state, State::kNothing);
  Put("k", 1);
  clock_.Advance(milliseconds(8999));  // Nine tenths of the soft age are always fresh.
  EXPECT_EQ(Find("k").state, State::kRow);
  clock_.Advance(milliseconds(1001));
  const ViewCache::Hit hit = Find("k");
  EXPECT_EQ(hit.state, State::kRefresh);
  EXPECT_EQ(ValueOf(*hit.row), 1);
  clock_.Advance(seconds(43));
  EXPECT_EQ(Find("k").state, State::kRow);
  clock_.Advance(seconds(7));
  EXPECT_EQ(Find("k").state, State::kNothing);
  EXPECT_EQ(ValueOf(*cache_.LastKnown("k")), 1);
}

TEST_F(ViewCacheTest, OneOfThoseWhoFindARowPastItsSoftAgeRefreshesIt) {
  Put("k", 1);
  clock_.Advance(seconds(10));
  EXPECT_EQ(cache_.Find("k", clock_.Now(), kAges, /*may_refresh=*/false).state, State::kRow);
  EXPECT_EQ(Find("k").state, State::kRefresh);
  EXPECT_EQ(Find("k").state, State::kRow);
  Put("k", 2);
  clock_.Advance(seconds(10));
  EXPECT_EQ(Find("k").state, State::kRefresh);
}

TEST_F(ViewCacheTest, AfterARefreshThatFailedTheNextOneWaitsASecond) {
  Put("k", 1);
  clock_.Advance(seconds(10));
  EXPECT_EQ(Find("k").state, State::kRefresh);
  cache_.RefreshFailed("k", clock_.Now());
  EXPECT_EQ(Find("k").state, State::kRow);
  clock_.Advance(seconds(1));
  EXPECT_EQ(Find("k").state, State::kRefresh);
}

TEST_F(ViewCacheTest, WhatWasFetchedTogetherIsNotRefreshedTogether) {
  for (int i = 0; i < 1000; ++i) Put(std::to_string(i), i);
  clock_.Advance(milliseconds(9500));
  int due = 0;
  for (int i = 0; i < 1000; ++i) due += Find(std::to_string(i)).state == State::kRefresh ? 1 : 0;
  EXPECT_GT(due, 400);
  EXPECT_LT(due, 600);
}

TEST_F(ViewCacheTest, AnAbsentEntityIsBelievedForItsOwnTime) {
  cache_.PutAbsent("k", clock_.Now(), false);
  EXPECT_EQ(Find("k").state, State::kAbsent);
  clock_.Advance(seconds(2));
  EXPECT_EQ(Find("k").state, State::kNothing);
  EXPECT_EQ(cache_.Find("k", clock_.Now(), {seconds(1), seconds(1), {}}, true).state,
            State::kNothing);
}

TEST_F(ViewCacheTest, TheLastWordAboutAnEntityCounts) {
  Put("k", 1);
  cache_.PutAbsent("k", clock_.Now(), false);
  EXPECT_EQ(Find("k").state, State::kAbsent);
  EXPECT_EQ(cache_.LastKnown("k"), nullptr);
  Put("k", 2);
  EXPECT_EQ(Find("k").state, State::kRow);
  EXPECT_EQ(counters_->entries, 1);
}

TEST_F(ViewCacheTest, AnEntityThatIsGoneLeavesItsLastValuesIfTheyAreWanted) {
  Put("k", 1, true);
  cache_.PutAbsent("k", clock_.Now(), true);
  EXPECT_EQ(Find("k").state, State::kAbsent);
  EXPECT_EQ(ValueOf(*cache_.LastKnown("k")), 1);
  clock_.Advance(seconds(2));
  EXPECT_EQ(Find("k").state, State::kNothing);  // Not the row that was there before.
}

TEST_F(ViewCacheTest, LastValuesOutliveNulls) {
  Put("k", 1, true);
  for (int i = 0; i < 2; ++i) {
    CachedRow nothing{FetchedFeatures(1, 1), clock_.Now(), 0, nullptr};
    nothing.cells.SetNull(0, 0);
    cache_.Put("k", std::move(nothing), true);
    const auto kept = cache_.LastKnown("k");
    ASSERT_NE(kept->last_known, nullptr);
    EXPECT_EQ(kept->last_known->element(0, 0, 0).floating, 1);
  }
  EXPECT_EQ(Find("k").row->cells.state(0, 0), CellState::kNull);
}

TEST_F(ViewCacheTest, AFloodOfAbsentKeysDrivesOutNoRows) {
  for (int i = 0; i < 100; ++i) Put(std::to_string(i), i);
  for (int i = 0; i < 100'000; ++i) {
    cache_.PutAbsent("no" + std::to_string(i), clock_.Now(), false);
  }
  for (int i = 0; i < 100; ++i) EXPECT_EQ(Find(std::to_string(i)).state, State::kRow);
  EXPECT_LE(counters_->bytes, 1 << 20);
  EXPECT_GT(counters_->evictions.value(), 0u);
  EXPECT_GT(counters_->entries, 100);
}

TEST(FeatureCaches, VersionsThatAskForTheSameShareACache) {
  SeededRng rng(1);
  FeatureCaches caches(rng);
  FetchPlan plan;
  plan.features = {{"v:a", {0}}, {"v:b", {0}}, {"w:c", {0}}};
  plan.keys = {{"k", ValueType::kString, 0}};
  plan.Index();
  FetchPlan same = plan;
  FetchPlan less;
  less.features = {{"v:a", {0}}};
  less.keys = plan.keys;
  less.Index();
  FetchPlan other_key = plan;
  other_key.keys[0].type = ValueType::kInt64;

  auto cache = caches.Open(plan, plan.views[0], 1 << 20);
  EXPECT_EQ(caches.Open(same, same.views[0], 2 << 20), cache);
  EXPECT_NE(caches.Open(plan, plan.views[1], 1 << 20), cache);
  EXPECT_NE(caches.Open(less, less.views[0], 1 << 20), cache);
  EXPECT_NE(caches.Open(other_key, plan.views[0], 1 << 20), cache);
  same.feature_service = "s";
  EXPECT_NE(caches.Open(same, same.views[0], 1 << 20), cache);

  cache->Put("k", Row(1), false);
  std::string views;
  int64_t entries = 0;
  caches.ForEachView([&](const std::string& view, const CacheCounters& counters) {
    views += view;
    entries += counters.entries;
  });
  EXPECT_EQ(views, "vw");
  EXPECT_EQ(entries, 1);
  // Gone with the last version, and counted no more.
  cache.reset();
  cache = caches.Open(plan, plan.views[0], 1 << 20);
  EXPECT_EQ(cache->LastKnown("k"), nullptr);
  EXPECT_EQ(cache->counters().entries, 0);
  EXPECT_EQ(cache->counters().bytes, 0);
}

}  // namespace
}  // namespace tournant
