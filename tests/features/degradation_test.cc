// What an answer is made of, and what it says of itself, while the store comes and goes: bindings,
// caches, brown-outs and fills together.

#include <string>
#include <utility>

#include "fakes/test_call.h"
#include "features/await_features.h"
#include "features/brown_out_client.h"
#include "features/caching_client.h"
#include "features/coalescing_client.h"
#include "features/feature_caches.h"
#include "features/fixed_brown_out.h"
#include "features/puppet_store.h"
#include "features/testing.h"
#include "features/view_cells.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tournant {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kBindings[] = R"(
request { name: "k" data_type: TYPE_STRING dims: 1 }
entity { join_key: "k" request: "k" }
input { name: "x"
  column { feature: "v:a" default: -1 on_missing: LAST_KNOWN on_error: LAST_KNOWN }
  column { feature: "v:b" default: -2 }
  column { feature: "w:c" default: -3 } }
view { name: "v" cache { soft_age { seconds: 10 } hard_age { seconds: 60 }
                         negative_age { seconds: 2 } } }
view { name: "w" optional: true }
)";

class DegradationTest : public ::testing::Test {
 protected:
  DegradationTest() {
    store_.at_once = true;
    const auto bindings = ParseBindings("f", kBindings);
    EXPECT_TRUE(bindings.ok()) << bindings.status();
    auto plan = FeaturePlan::Compile(*bindings, Config({{"x", DataType::kFp32, {3}}}), nullptr, "/",
                                     {&caches_, &cells_});
    EXPECT_TRUE(plan.ok()) << plan.status();
    plan_ = *std::move(plan);
  }

  // The input of a call for rows of these keys; what it says of itself is in provenance_.
  std::vector<float> Ask(std::initializer_list<const char*> keys,
                         std::vector<NamedTensor> overrides = {}) {
    overrides.push_back(Texts("k", keys));
    call_.context.deadline = call_.clock.Now() + seconds(1);
    const int64_t rows = static_cast<int64_t>(keys.size());
    Started<absl::StatusOr<AssembledInputs>> run(
        AwaitFeatures(call_.context, *plan_, &client_, overrides, rows, {.cap = milliseconds(50)}));
    call_.loop.RunUntilIdle();
    if (!run.done() || !run.result->ok()) {
      ADD_FAILURE() << "no answer";
      return {};
    }
    provenance_ = (*run.result)->provenance;
    EXPECT_EQ(provenance_.live + provenance_.cached + provenance_.stale + provenance_.defaulted +
                  provenance_.from_request,
              rows * plan_->cells_per_row());
    return Elements<float>((*run.result)->inputs[0]);
  }
  void GoDown() { store_.error = absl::UnavailableError("down"); }

  TestCall call_;
  SeededRng rng_{1};
  FeatureCaches caches_{rng_};
  ViewCells cells_;
  PuppetStore store_;
  FixedBrownOut brown_out_;
  CallCount background_;
  CoalescingClient coalescing_{store_, background_, {}};
  BrownOutClient sparing_{coalescing_, brown_out_};
  CachingClient client_{sparing_, brown_out_, background_, {}};
  std::shared_ptr<const FeaturePlan> plan_;
  FeatureProvenance provenance_;
};

TEST_F(DegradationTest, TheFirstAnswerIsLiveAndTheNextOneCached) {
  EXPECT_THAT(Ask({"4"}), ElementsAre(4, 4.1F, 4.2F));
  EXPECT_EQ(provenance_.live, 3);
  EXPECT_THAT(Ask({"4"}), ElementsAre(4, 4.1F, 4.2F));
  EXPECT_EQ(provenance_.cached, 2);
  EXPECT_EQ(provenance_.live, 1);
  EXPECT_FALSE(provenance_.degraded);
  // One fetch has, for all rows that lack something, all that any of them lacks.
  EXPECT_THAT(Ask({"4", "5"}), ElementsAre(4, 4.1F, 4.2F, 5, 5.1F, 5.2F));
  EXPECT_EQ(provenance_.live, 6);
  EXPECT_EQ(store_.fetches(), 3u);
}

TEST_F(DegradationTest, WhileTheStoreIsDownTheCacheAnswersAndThenTheLastKnownValues) {
  Ask({"4"});
  GoDown();
  EXPECT_THAT(Ask({"4"}), ElementsAre(4, 4.1F, -3));
  EXPECT_EQ(provenance_.cached, 2);
  EXPECT_EQ(provenance_.defaulted, 1);
  EXPECT_TRUE(provenance_.degraded);
  call_.clock.Advance(seconds(60));
  EXPECT_THAT(Ask({"4", "5"}), ElementsAre(4, -2, -3, -1, -2, -3));
  EXPECT_EQ(provenance_.stale, 1);
  EXPECT_EQ(provenance_.defaulted, 5);
  EXPECT_TRUE(provenance_.degraded);
}

TEST_F(DegradationTest, TheCellsOfEachViewAreCountedByWhereTheyCameFrom) {
  Ask({"4"});
  Ask({"4", "absent"});
  GoDown();
  Ask({"4"}, {Floats("w:c", {7})});
  MetricsRegistry metrics;
  cells_.RegisterWith(metrics);
  const std::string text = metrics.Text();
  for (const char* line :
       {"view=\"v\",outcome=\"live\"} 4", "view=\"v\",outcome=\"cached\"} 2",
        "view=\"v\",outcome=\"defaulted\"} 2", "view=\"w\",outcome=\"live\"} 2",
        "view=\"w\",outcome=\"defaulted\"} 1", "view=\"w\",outcome=\"from_request\"} 1",
        "view=\"w\",outcome=\"stale\"} 0"}) {
    EXPECT_THAT(text, HasSubstr(std::string("tournant_feature_view_cells_total{") + line + "\n"));
  }
}

TEST_F(DegradationTest, AnAbsentEntityDoesNotDegradeAnAnswer) {
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(Ask({"absent"}), ElementsAre(-1, -2, -3));
    EXPECT_EQ(provenance_.defaulted, 3);
    EXPECT_FALSE(provenance_.degraded);
  }
}

TEST_F(DegradationTest, EachLevelOfABrownOutGoesWithoutMore) {
  Ask({"4"});
  brown_out_.Set(BrownOutLevel::kNoOptionalViews);
  EXPECT_THAT(Ask({"5"}), ElementsAre(5, 5.1F, -3));
  EXPECT_EQ(provenance_.live, 2);
  EXPECT_EQ(provenance_.defaulted, 1);
  EXPECT_TRUE(provenance_.degraded);
  brown_out_.Set(BrownOutLevel::kCacheOnly);
  EXPECT_THAT(Ask({"4", "6"}), ElementsAre(4, 4.1F, -3, -1, -2, -3));
  EXPECT_EQ(provenance_.cached, 2);
  EXPECT_EQ(provenance_.defaulted, 4);
  brown_out_.Set(BrownOutLevel::kNormal);
  EXPECT_THAT(Ask({"6"}), ElementsAre(6, 6.1F, 6.2F));
  EXPECT_EQ(provenance_.live, 3);
  EXPECT_FALSE(provenance_.degraded);
}

TEST_F(DegradationTest, WhatTheCallerGivesIsCountedAsTheCallers) {
  EXPECT_THAT(Ask({"4"}, {Floats("v:b", {8}), Floats("w:c", {9})}), ElementsAre(4, 8, 9));
  EXPECT_EQ(provenance_.from_request, 2);
  EXPECT_EQ(provenance_.live, 1);
  EXPECT_THAT(Ask({"4"}, {Floats("w:c", {9})}), ElementsAre(4, 4.1F, 9));
  EXPECT_EQ(provenance_.from_request, 1);
  EXPECT_EQ(provenance_.cached, 2);
  EXPECT_EQ(store_.fetches(), 1u);
}

TEST_F(DegradationTest, AHurriedCallTakesWhatIsCached) {
  Ask({"4"});
  call_.context.deadline = call_.clock.Now() + std::chrono::microseconds(500);
  std::vector<NamedTensor> request = {Texts("k", {"4"})};
  Started<absl::StatusOr<AssembledInputs>> run(
      AwaitFeatures(call_.context, *plan_, &client_, request, 1, {.cap = milliseconds(50)}));
  ASSERT_TRUE(run.done());
  ASSERT_TRUE(run.result->ok());
  EXPECT_THAT(Elements<float>((*run.result)->inputs[0]), ElementsAre(4, 4.1F, -3));
  EXPECT_EQ((*run.result)->provenance.cached, 2);
  EXPECT_EQ(store_.fetches(), 1u);
}

}  // namespace
}  // namespace tournant
