#include "features/shared_layers.h"

#include "features/feature_caches.h"
#include "features/fetching_calls.h"
#include "features/fixed_brown_out.h"
#include "features/shared_layers_metrics.h"
#include "features/view_cache.h"
#include "gtest/gtest.h"
#include "telemetry/prometheus_text.h"

namespace tournant {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class SharedLayersTest : public ::testing::Test {
 protected:
  SharedLayersTest() {
    FetchPlan::View& view = plan_->views[0];
    view.ages = {seconds(10), seconds(60), seconds(2)};
    view.cache = caches_.Open(*plan_, view, 1 << 20);
    RegisterSharedLayers(layers_, caches_, registry_);
  }
  double Metric(const std::string& series) const {
    const PrometheusText text(registry_.Text());
    EXPECT_TRUE(text.errors.empty()) << *text.errors.begin();
    return text.Value(series);
  }

  ManualClock clock_;
  ManualLoop loop_{clock_};
  SeededRng rng_{1};
  FeatureCaches caches_{rng_};
  PuppetStore store_;
  FixedBrownOut brown_out_;
  SharedLayers layers_{store_, brown_out_, {}};
  MetricsRegistry registry_;
  std::shared_ptr<FetchPlan> plan_ = std::make_shared<FetchPlan>(TwoViewsPlan());
  FetchingCalls calls_{clock_, loop_, layers_, plan_};
};

TEST_F(SharedLayersTest, CallsThatMissTheCacheTogetherFetchOnceAndThenHit) {
  auto& first = calls_.Start({"1"});
  auto& second = calls_.Start({"1"});
  ASSERT_EQ(store_.fetches(), 1u);
  EXPECT_TRUE(store_.Answer(0));
  loop_.RunUntilIdle();
  EXPECT_EQ(first.value(0), 1);
  EXPECT_EQ(second.value(0), 1);
  EXPECT_EQ(calls_.Start({"1", "1"}).value(0, 1), 1);
  layers_.WaitForBackground();

  EXPECT_EQ(Metric("tournant_feature_shared_calls_total"), 2);
  EXPECT_EQ(Metric("tournant_feature_joined_calls_total"), 1);
  EXPECT_EQ(Metric("tournant_feature_joined_rows_total"), 1);
  EXPECT_EQ(Metric("tournant_feature_shared_fetches_total"), 1);
  EXPECT_EQ(Metric("tournant_feature_shared_rows_total"), 1);
  EXPECT_EQ(Metric(R"(tournant_feature_cache_rows_total{view="v",outcome="miss"})"), 2);
  EXPECT_EQ(Metric(R"(tournant_feature_cache_rows_total{view="v",outcome="hit"})"), 2);
  EXPECT_EQ(Metric(R"(tournant_feature_cache_entries{view="v"})"), 1);
  EXPECT_GT(Metric(R"(tournant_feature_cache_bytes{view="v"})"), 100);
}

TEST_F(SharedLayersTest, ABrownOutForbidsFetchesAndNotTheCache) {
  store_.at_once = true;
  calls_.Start({"1"});
  loop_.RunUntilIdle();
  brown_out_.Set(BrownOutLevel::kCacheOnly);
  EXPECT_EQ(calls_.Start({"1"}).value(0), 1);
  EXPECT_FALSE(calls_.Start({"2"}).status().ok());
  EXPECT_EQ(store_.fetches(), 1u);
  EXPECT_EQ(Metric(R"(tournant_feature_brownout_fetches_total{outcome="refused"})"), 1);
}

TEST_F(SharedLayersTest, ARefreshAndACallThatMissesShareTheirFetch) {
  store_.at_once = true;
  calls_.Start({"1"});
  loop_.RunUntilIdle();
  clock_.Advance(seconds(20));
  store_.at_once = false;
  EXPECT_EQ(calls_.Start({"1"}).value(0), 1);  // Refreshed behind.
  clock_.Advance(seconds(60));
  auto& call = calls_.Start({"1"});  // Past the hard age.
  EXPECT_EQ(store_.fetches(), 2u);
  EXPECT_EQ(Metric(R"(tournant_feature_cache_refreshes_total{view="v"})"), 1);
  EXPECT_TRUE(store_.Answer(1));
  loop_.RunUntilIdle();
  EXPECT_EQ(call.value(0), 1);
  layers_.WaitForBackground();
}

}  // namespace
}  // namespace tournant
