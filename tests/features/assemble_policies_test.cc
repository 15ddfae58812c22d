// What a column holds where the store has no value that can be used.

#include <cmath>
#include <limits>

#include "features/assemble_test.h"
#include "gmock/gmock.h"

namespace tournant {
namespace {

using ::testing::ElementsAre;

TEST_F(AssembleTest, AnAbsentEntityIsFilledAsOnMissingSays) {
  Bind("column { feature: \"v:a\" default: 5 on_null: FAIL on_stale: FAIL on_error: FAIL }",
       DataType::kFp32, 1);
  EXPECT_THAT(RunFloats(), ElementsAre(5));
  Bind("column { feature: \"v:a\" default: 5 on_missing: AS_NAN }", DataType::kFp32, 1,
       "allow_nan: true ");
  EXPECT_TRUE(std::isnan(RunFloats()[0]));
  EXPECT_EQ(Run().provenance.defaulted, 1);
  Bind("column { feature: \"v:a\" default: 5 on_missing: FAIL }", DataType::kFp32, 1);
  EXPECT_EQ(TryRun().status(), absl::FailedPreconditionError("feature 'v:a' of row 0 is missing"));
}

TEST_F(AssembleTest, AStoredNullIsFilledAsOnNullSays) {
  Bind("column { feature: \"v:a\" default: 5 on_missing: FAIL on_stale: FAIL on_error: FAIL }",
       DataType::kFp32, 1);
  fetched_->SetNull(0, 0);
  EXPECT_THAT(RunFloats(), ElementsAre(5));
  EXPECT_FALSE(Run().provenance.degraded);
  Bind("column { feature: \"v:a\" default: 5 on_null: FAIL }", DataType::kFp32, 1);
  fetched_->SetNull(0, 0);
  EXPECT_EQ(TryRun().status(), absl::FailedPreconditionError("feature 'v:a' of row 0 is null"));
}

TEST_F(AssembleTest, OlderThanMaxAgeIsStaleAndExactlyMaxAgeIsNot) {
  const std::string column = "column { feature: \"v:a\" default: 5 max_age { seconds: 60 } ";
  Bind(column + "}", DataType::kFp32, 1);
  Live(0, 0, 1, 60);
  EXPECT_THAT(RunFloats(), ElementsAre(1));
  fetched_->SetTime(0, 0, (kNowSeconds - 60) * 1'000'000 - 1, false);
  EXPECT_THAT(RunFloats(), ElementsAre(5));
  const FeatureProvenance stale = Run().provenance;
  EXPECT_EQ(stale.defaulted, 1);
  EXPECT_TRUE(stale.degraded);
  EXPECT_EQ(stale.oldest_age_ms, -1);  // Only values that are used have an age.
  Bind(column + "on_stale: FAIL }", DataType::kFp32, 1);
  Live(0, 0, 1, 61);
  EXPECT_EQ(TryRun().status(), absl::FailedPreconditionError("feature 'v:a' of row 0 is stale"));
}

TEST_F(AssembleTest, MaxAgeDecidesAgainstTheStoreUnlessTheTimeIsUnknown) {
  Bind("column { feature: \"v:a\" default: 5 max_age { seconds: 60 } }", DataType::kFp32, 1);
  fetched_->SetFloating(0, 0, 1);
  fetched_->SetTime(0, 0, (kNowSeconds - 10) * 1'000'000, true);
  EXPECT_THAT(RunFloats(), ElementsAre(1));
  fetched_->SetTime(0, 0, FetchedFeatures::kUnknownTime, true);
  EXPECT_THAT(RunFloats(), ElementsAre(5));
  fetched_->SetTime(0, 0, FetchedFeatures::kUnknownTime, false);
  EXPECT_THAT(RunFloats(), ElementsAre(1));
  EXPECT_EQ(Run().provenance.oldest_age_ms, -1);
  EXPECT_EQ(Run().provenance.unknown_age, 1);
}

TEST_F(AssembleTest, WithoutMaxAgeTheStoresWordCounts) {
  Bind("column { feature: \"v:a\" default: 5 }", DataType::kFp32, 1);
  Live(0, 0, 1, 900'000);
  EXPECT_THAT(RunFloats(), ElementsAre(1));
  fetched_->SetTime(0, 0, (kNowSeconds - 10) * 1'000'000, true);
  EXPECT_THAT(RunFloats(), ElementsAre(5));
  EXPECT_TRUE(Run().provenance.degraded);
}

TEST_F(AssembleTest, AValueFromTheFutureIsFreshAndOfAgeZero) {
  Bind("column { feature: \"v:a\" default: 5 max_age { seconds: 60 } }", DataType::kFp32, 1);
  Live(0, 0, 1, -3600);
  EXPECT_THAT(RunFloats(), ElementsAre(1));
  EXPECT_EQ(Run().provenance.oldest_age_ms, 0);
  EXPECT_EQ(Run().provenance.from_future, 1);
  EXPECT_EQ(Run().provenance.unknown_age, 0);
}

TEST_F(AssembleTest, AFailedFetchIsFilledAsOnErrorSaysAndDegrades) {
  Bind(
      "column { request: \"d\" } "
      "column { feature: \"v:a\" default: 5 on_missing: FAIL on_null: FAIL }",
      DataType::kFp32, 2);
  fetched_ = absl::DeadlineExceededError("too late");
  EXPECT_THAT(RunFloats(), ElementsAre(100, 5));
  EXPECT_TRUE(Run().provenance.degraded);
  EXPECT_EQ(Run().provenance.defaulted, 1);
  Bind("column { feature: \"v:a\" default: 5 on_error: FAIL }", DataType::kFp32, 1);
  fetched_ = absl::DeadlineExceededError("too late");
  EXPECT_EQ(TryRun().status(),
            absl::UnavailableError("feature 'v:a' of row 0 could not be fetched: too late"));
}

TEST_F(AssembleTest, WhatIsNoValueForTheTensorCountsAsAnError) {
  Bind("column { feature: \"v:a\" default_int: 5 }", DataType::kInt32, 1);
  const auto expect_default = [&] {
    EXPECT_THAT(Elements<int32_t>(Run().inputs[0]), ElementsAre(5));
    EXPECT_TRUE(Run().provenance.degraded);
  };
  fetched_->SetText(0, 0, "7");
  expect_default();
  fetched_->SetInteger(0, 0, int64_t{1} << 40);
  expect_default();
  fetched_->SetFloating(0, 0, 2.5);
  expect_default();
  fetched_->SetUnusable(0, 0);
  expect_default();
  fetched_->SetInteger(0, 0, 7);
  EXPECT_THAT(Elements<int32_t>(Run().inputs[0]), ElementsAre(7));
}

TEST_F(AssembleTest, AStoredValueThatAFloatCannotHoldCountsAsAnError) {
  Bind("column { feature: \"v:a\" default: 5 }", DataType::kFp32, 1);
  Live(0, 0, 1e308);
  EXPECT_THAT(RunFloats(), ElementsAre(5));
  EXPECT_TRUE(Run().provenance.degraded);
  Bind("column { feature: \"v:a\" default: 5 on_error: FAIL }", DataType::kFp32, 1);
  Live(0, 0, -1e308);
  EXPECT_EQ(TryRun().status().message(),
            "feature 'v:a' of row 0 could not be fetched: its value does not fit into FP32");
}

constexpr char kCachedView[] = "} view { name: \"v\" cache { soft_age { seconds: 1 } } ";

TEST_F(AssembleTest, UnderLastKnownAnOldValueStandsWhereTheStoreHasNone) {
  for (const char* policy : {"on_missing", "on_null", "on_error"}) {
    Bind(std::string("column { feature: \"v:a\" default: 5 indicator: true ") + policy +
             ": LAST_KNOWN }" + kCachedView,
         DataType::kFp32, 2);
    if (policy == std::string("on_null")) fetched_->SetNull(0, 0);
    if (policy == std::string("on_error")) fetched_->SetNotFetched(0, 0);
    EXPECT_THAT(RunFloats(), ElementsAre(5, 0)) << policy;  // Nothing is known.
    EXPECT_EQ(Run().provenance.defaulted, 1);
    FetchedFeatures& last = fetched_->mutable_last_known();
    last.SetFloating(0, 0, 7);
    last.SetTime(0, 0, (kNowSeconds - 3600) * 1'000'000, false);
    EXPECT_THAT(RunFloats(), ElementsAre(7, 0)) << policy;
    const FeatureProvenance provenance = Run().provenance;
    EXPECT_EQ(provenance.stale, 1);
    EXPECT_EQ(provenance.oldest_age_ms, 3'600'000);
    EXPECT_EQ(provenance.degraded, policy == std::string("on_error"));
  }
}

TEST_F(AssembleTest, UnderLastKnownAStaleValueIsTheLastOneThatWasSeen) {
  Bind(std::string("column { feature: \"v:a\" default: 5 max_age { seconds: 60 } "
                   "on_stale: LAST_KNOWN }") +
           kCachedView,
       DataType::kFp32, 1);
  Live(0, 0, 3, 61);
  EXPECT_THAT(RunFloats(), ElementsAre(3));
  EXPECT_EQ(Run().provenance.stale, 1);
  EXPECT_TRUE(Run().provenance.degraded);
}

TEST_F(AssembleTest, ALastKnownValueThatDoesNotFitIsNone) {
  Bind(std::string("column { feature: \"v:a\" default: 5 on_missing: LAST_KNOWN }") + kCachedView,
       DataType::kFp32, 1);
  fetched_->mutable_last_known().SetText(0, 0, "x");
  EXPECT_THAT(RunFloats(), ElementsAre(5));
  EXPECT_EQ(Run().provenance.defaulted, 1);
}

TEST_F(AssembleTest, TheAgeOfALastKnownValueGoesOn) {
  Bind(
      std::string("column { age_seconds: \"v:a\" default: -1 on_error: LAST_KNOWN }") + kCachedView,
      DataType::kFp32, 1);
  fetched_->SetNotFetched(0, 0);
  fetched_->mutable_last_known().SetFloating(0, 0, 1);
  EXPECT_THAT(RunFloats(), ElementsAre(-1));  // Of an unknown age.
  fetched_->mutable_last_known().SetTime(0, 0, (kNowSeconds - 90) * 1'000'000, false);
  EXPECT_THAT(RunFloats(), ElementsAre(90));
  EXPECT_EQ(Run().provenance.stale, 1);
}

TEST_F(AssembleTest, CachedValuesAreCountedAsCached) {
  Bind("column { feature: \"v:a\" default: 5 } column { feature: \"v:b\" default: 5 }",
       DataType::kFp32, 2);
  Live(0, 0, 1, 10);
  Live(1, 0, 2, 20);
  fetched_->SetOrigin(1, 0, CellOrigin::kCached);
  const FeatureProvenance provenance = Run().provenance;
  EXPECT_EQ(provenance.live, 1);
  EXPECT_EQ(provenance.cached, 1);
  EXPECT_EQ(provenance.oldest_age_ms, 20'000);
  EXPECT_FALSE(provenance.degraded);
}

TEST_F(AssembleTest, ACellThatCouldNotBeFetchedIsFilledAloneAndSaysWhy) {
  Bind("column { feature: \"v:a\" default: 5 } column { feature: \"v:b\" default: 6 }",
       DataType::kFp32, 2);
  Live(0, 0, 1);
  fetched_->SetNotFetched(1, 0);
  EXPECT_THAT(RunFloats(), ElementsAre(1, 6));
  EXPECT_TRUE(Run().provenance.degraded);
  Bind("column { feature: \"v:a\" default: 5 on_error: FAIL }", DataType::kFp32, 1);
  fetched_->SetNotFetched(0, 0);
  fetched_->set_error(absl::UnavailableError("no route"));
  EXPECT_EQ(TryRun().status(),
            absl::UnavailableError("feature 'v:a' of row 0 could not be fetched: no route"));
}

TEST_F(AssembleTest, AStoredNanIsANullUnlessItIsAllowed) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  Bind("column { feature: \"v:a\" default: 5 }", DataType::kFp32, 1);
  Live(0, 0, nan);
  EXPECT_THAT(RunFloats(), ElementsAre(5));
  EXPECT_FALSE(Run().provenance.degraded);
  Bind("column { feature: \"v:a\" default: 5 }", DataType::kFp32, 1, "allow_nan: true ");
  Live(0, 0, nan);
  EXPECT_TRUE(std::isnan(RunFloats()[0]));
  EXPECT_EQ(Run().provenance.live, 1);
}

}  // namespace
}  // namespace tournant
