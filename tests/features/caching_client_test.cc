#include "features/caching_client.h"

#include "features/cache_lookup.h"
#include "features/feature_caches.h"
#include "features/fetching_calls.h"
#include "features/fixed_brown_out.h"
#include "features/row_key.h"
#include "features/view_cache.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tournant {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using Call = FetchingCalls::Call;

// View `v` is cached for 10 to 60 s, its absent entities for 2 s; view `w` is not.
class CachingTest : public ::testing::Test {
 protected:
  CachingTest() { store_.at_once = true; }
  ~CachingTest() override {
    EXPECT_EQ(background_.value(), 0);
    EXPECT_EQ(loop_.pending_timers(), 0u);
  }

  std::shared_ptr<const FetchPlan> Plan(bool keeps_last_known = false) {
    auto plan = std::make_shared<FetchPlan>(TwoViewsPlan());
    FetchPlan::View& view = plan->views[0];
    view.ages = {seconds(10), seconds(60), seconds(2)};
    view.cache = caches_.Open(*plan, view, 1 << 20);
    view.keeps_last_known = keeps_last_known;
    return plan;
  }
  Call& Ask(std::vector<std::string> keys, std::vector<uint8_t> wanted = {1, 1, 0}) {
    Call& call = calls_.Start(std::move(keys), milliseconds(50), std::move(wanted));
    loop_.RunUntilIdle();
    return call;
  }
  void KeepLastKnown() { calls_.set_plan(Plan(true)); }
  CacheCounters& counters() { return plan_->views[0].cache->counters(); }

  ManualClock clock_;
  ManualLoop loop_{clock_};
  SeededRng rng_{1};
  FeatureCaches caches_{rng_};
  PuppetStore store_;
  FixedBrownOut brown_out_;
  CallCount background_;
  CachingClient client_{store_, brown_out_, background_, {}};
  std::shared_ptr<const FetchPlan> plan_ = Plan();
  FetchingCalls calls_{clock_, loop_, client_, plan_};
};

TEST_F(CachingTest, WhatWasFetchedIsNotFetchedAgain) {
  Call& first = Ask({"7"});
  EXPECT_EQ((*first.result)->origin(0, 0), CellOrigin::kLive);
  Call& second = Ask({"7"});
  EXPECT_EQ(store_.fetches(), 1u);
  EXPECT_EQ(second.value(0), 7);
  EXPECT_EQ(second.value(1), 7.1);
  EXPECT_EQ((*second.result)->origin(1, 0), CellOrigin::kCached);
  EXPECT_EQ(counters().hits.value(), 1u);
  EXPECT_EQ(counters().misses.value(), 1u);
  EXPECT_EQ(counters().entries, 1);
}

TEST_F(CachingTest, OnlyRowsThatLackSomethingAreFetched) {
  Ask({"2", "4"});
  Call& call = Ask({"1", "2", "3", "4", "5"});
  ASSERT_EQ(store_.fetches(), 2u);
  EXPECT_THAT(store_.fetch(1).rows,
              ElementsAre(ElementsAre("1", "0"), ElementsAre("3", "0"), ElementsAre("5", "0")));
  for (size_t row = 0; row < 5; ++row) {
    EXPECT_EQ(call.value(0, row), static_cast<double>(row + 1));
    EXPECT_EQ((*call.result)->origin(0, row),
              row % 2 == 1 ? CellOrigin::kCached : CellOrigin::kLive);
  }
  EXPECT_EQ(counters().hits.value(), 2u);
}

TEST_F(CachingTest, OnlyViewsThatLackSomethingAreFetched) {
  Ask({"1"});
  Call& call = Ask({"1"}, {1, 1, 1});
  ASSERT_EQ(store_.fetches(), 2u);
  EXPECT_THAT(store_.fetch(1).wanted, ElementsAre(0, 0, 1));
  EXPECT_EQ(call.value(0), 1);
  EXPECT_EQ(call.value(2), 1.2);
  EXPECT_EQ((*call.result)->origin(0, 0), CellOrigin::kCached);
  EXPECT_EQ((*call.result)->origin(2, 0), CellOrigin::kLive);
  Ask({"1"}, {0, 0, 1});  // Not cached.
  EXPECT_EQ(store_.fetches(), 3u);
}

TEST_F(CachingTest, AWholeViewIsFetchedThoughACallWantsAPart) {
  Ask({"1"}, {1, 0, 0});
  EXPECT_THAT(store_.fetch(0).wanted, ElementsAre(1, 1, 0));
  EXPECT_EQ(Ask({"1"}).value(1), 1.1);
  EXPECT_EQ(store_.fetches(), 1u);
}

TEST_F(CachingTest, PastItsSoftAgeARowIsUsedAndFetchedBehindOnce) {
  Ask({"1"});
  clock_.Advance(seconds(20));
  store_.at_once = false;
  Call& first = Ask({"1"});
  Call& second = Ask({"1"});
  EXPECT_TRUE(first.done());
  EXPECT_TRUE(second.done());
  EXPECT_EQ((*second.result)->origin(0, 0), CellOrigin::kCached);
  ASSERT_EQ(store_.fetches(), 2u);
  EXPECT_THAT(store_.fetch(1).wanted, ElementsAre(1, 1, 0));
  EXPECT_THAT(store_.fetch(1).rows, ElementsAre(ElementsAre("1")));
  EXPECT_EQ(store_.fetch(1).deadline, clock_.Now() + milliseconds(50));
  EXPECT_EQ(background_.value(), 1);
  EXPECT_TRUE(store_.Answer(1));
  loop_.RunUntilIdle();
  Ask({"1"});
  EXPECT_EQ(store_.fetches(), 2u);
  EXPECT_EQ(counters().refreshes.value(), 1u);
  EXPECT_EQ(counters().failed_refreshes.value(), 0u);
}

TEST_F(CachingTest, ARefreshThatFailsIsRepeatedLater) {
  Ask({"1"});
  clock_.Advance(seconds(20));
  store_.error = absl::UnavailableError("down");
  EXPECT_EQ(Ask({"1"}).value(0), 1);
  EXPECT_EQ(Ask({"1"}).value(0), 1);
  EXPECT_EQ(store_.fetches(), 2u);
  EXPECT_EQ(counters().failed_refreshes.value(), 1u);
  clock_.Advance(seconds(1));
  Ask({"1"});
  EXPECT_EQ(store_.fetches(), 3u);
}

TEST_F(CachingTest, PastItsHardAgeARowIsFetched) {
  Ask({"1"});
  clock_.Advance(seconds(60));
  Call& call = Ask({"1"});
  EXPECT_EQ(store_.fetches(), 2u);
  EXPECT_EQ((*call.result)->origin(0, 0), CellOrigin::kLive);
  clock_.Advance(seconds(60));
  store_.error = absl::UnavailableError("down");
  EXPECT_EQ(Ask({"1"}).status(), store_.error);
}

TEST_F(CachingTest, AnAbsentEntityIsNotAskedForAgainForAWhile) {
  Ask({"absent"});
  Call& call = Ask({"absent"});
  EXPECT_EQ(store_.fetches(), 1u);
  EXPECT_EQ(call.state(0), CellState::kAbsent);
  EXPECT_EQ(counters().negative_hits.value(), 1u);
  clock_.Advance(seconds(2));
  Ask({"absent"});
  EXPECT_EQ(store_.fetches(), 2u);
}

TEST_F(CachingTest, WhatIsCachedSurvivesAFailureForTheRest) {
  Ask({"1"});
  store_.error = absl::UnavailableError("down");
  Call& call = Ask({"1", "2"}, {1, 1, 1});
  ASSERT_TRUE(call.status().ok());
  EXPECT_EQ(call.value(0, 0), 1);
  EXPECT_EQ(call.state(0, 1), CellState::kNotFetched);
  EXPECT_EQ(call.state(2, 0), CellState::kNotFetched);
  EXPECT_EQ((*call.result)->error(), store_.error);
  EXPECT_EQ((*call.result)->last_known(), nullptr);
}

TEST_F(CachingTest, WithoutTimeLeftTheCacheStillAnswers) {
  Ask({"1"});
  Call& known = calls_.Start({"1"}, Duration::zero());
  Call& unknown = calls_.Start({"2"}, Duration::zero());
  EXPECT_EQ(known.value(0), 1);
  EXPECT_EQ(unknown.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(store_.fetches(), 1u);
}

TEST_F(CachingTest, ARowWhoseValueHasGoneStaleIsFetchedAgain) {
  auto plan = std::make_shared<FetchPlan>(*plan_);
  plan->features[1].max_age_us = 5'000'000;
  calls_.set_plan(plan);
  const int64_t now_us = CacheLookup::WallMicros(clock_);
  const auto put = [&](int64_t age_seconds) {
    CachedRow row{FetchedFeatures(2, 1), clock_.Now(), CacheLookup::WallMicros(clock_), nullptr};
    row.cells.SetFloating(0, 0, 1);
    row.cells.SetFloating(1, 0, 2);
    row.cells.SetTime(1, 0, now_us - age_seconds * 1'000'000, false);
    std::string key;
    AppendRowKey({{ValueType::kString, {}, {"1"}}}, std::vector<size_t>{0}, 0, key);
    plan->views[0].cache->Put(key, std::move(row), false);
  };
  put(0);
  clock_.Advance(seconds(5));
  EXPECT_EQ(Ask({"1"}).value(1), 2);
  clock_.Advance(milliseconds(1));
  store_.error = absl::UnavailableError("down");
  // Nothing newer can be had: then it is what is known, and the bindings' max_age decides.
  EXPECT_EQ(Ask({"1"}).value(1), 2);
  EXPECT_EQ(store_.fetches(), 1u);
  store_.error = absl::OkStatus();
  EXPECT_EQ(Ask({"1"}).value(1), 1.1);
  EXPECT_EQ(store_.fetches(), 2u);
  // What the store itself only has stale is kept as long as anything.
  put(60);
  EXPECT_EQ(Ask({"1"}).value(1), 2);
  EXPECT_EQ(store_.fetches(), 2u);
}

TEST_F(CachingTest, TheLastKnownValuesAreThereWhenTheStoreIsDown) {
  KeepLastKnown();
  Ask({"1"});
  clock_.Advance(std::chrono::hours(5));
  store_.error = absl::UnavailableError("down");
  Call& call = Ask({"1", "2"});
  ASSERT_TRUE(call.status().ok());
  EXPECT_EQ(call.state(0, 0), CellState::kNotFetched);
  const FetchedFeatures* last = (*call.result)->last_known();
  ASSERT_NE(last, nullptr);
  EXPECT_EQ(last->element(0, 0, 0).floating, 1);
  EXPECT_EQ(last->state(0, 1), CellState::kAbsent);
  EXPECT_EQ(Ask({"2"}).status(), store_.error);
}

TEST_F(CachingTest, TheLastKnownValuesAreThereWhenTheEntityIsGone) {
  KeepLastKnown();
  std::string key;
  AppendRowKey({{ValueType::kString, {}, {"absent"}}}, std::vector<size_t>{0}, 0, key);
  CachedRow row{FetchedFeatures(2, 1), clock_.Now(), 0, nullptr};
  row.cells.SetFloating(0, 0, 4);
  plan_->views[0].cache->Put(key, std::move(row), true);
  clock_.Advance(seconds(60));
  for (int i = 0; i < 2; ++i) {  // From the store, then from the cache.
    Call& call = Ask({"absent"});
    EXPECT_EQ(call.state(0), CellState::kAbsent);
    ASSERT_NE((*call.result)->last_known(), nullptr);
    EXPECT_EQ((*call.result)->last_known()->element(0, 0, 0).floating, 4);
    EXPECT_EQ((*call.result)->last_known()->state(1, 0), CellState::kAbsent);
  }
  EXPECT_EQ(store_.fetches(), 1u);
}

TEST_F(CachingTest, InABrownOutRowsAreFreshForLonger) {
  Ask({"1"});
  clock_.Advance(seconds(15));
  brown_out_.Set(BrownOutLevel::kNoExtras);
  Ask({"1"});
  EXPECT_EQ(store_.fetches(), 1u);
  clock_.Advance(seconds(5));
  Ask({"1"});
  EXPECT_EQ(store_.fetches(), 2u);
}

TEST_F(CachingTest, NothingIsRefreshedThatABrownOutWouldNotFetch) {
  auto plan = std::make_shared<FetchPlan>(*plan_);
  plan->views[0].optional = true;
  calls_.set_plan(plan);
  Ask({"1"});
  clock_.Advance(seconds(30));
  for (const auto level : {BrownOutLevel::kNoOptionalViews, BrownOutLevel::kCacheOnly}) {
    brown_out_.Set(level);
    EXPECT_EQ(Ask({"1"}).value(0), 1);
    EXPECT_EQ(store_.fetches(), 1u);
  }
  brown_out_.Set(BrownOutLevel::kNormal);
  Ask({"1"});
  EXPECT_EQ(store_.fetches(), 2u);
}

TEST_F(CachingTest, ARefreshOutlivesItsCallAndItsModelVersion) {
  Ask({"1"});
  clock_.Advance(seconds(20));
  store_.at_once = false;
  EXPECT_TRUE(Ask({"1"}).done());
  calls_.set_plan(nullptr);
  const std::weak_ptr<const FetchPlan> alive = std::exchange(plan_, nullptr);
  EXPECT_FALSE(alive.expired());
  EXPECT_TRUE(store_.Answer(1));
  loop_.RunUntilIdle();
  EXPECT_TRUE(alive.expired());
}

}  // namespace
}  // namespace tournant
