#include <chrono>
#include <cmath>
#include <sstream>
#include <string>
#include <vector>

#include "cpp/feature_counts.h"
#include "cpp/latencies.h"
#include "cpp/number_text.h"
#include "cpp/ordered_writer.h"
#include "cpp/progress.h"
#include "cpp/quality.h"
#include "cpp/score_summary.h"
#include "fakes/manual_clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace tournant::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

Quality Measured(const std::vector<double>& scores, const std::vector<char>& labels) {
  return QualityOf(scores, labels).value();
}

TEST(Quality, CountsPairsInTheRightOrder) {
  // Positives 0.8 and 0.4 against negatives 0.6 and 0.1: three of four pairs are right.
  EXPECT_DOUBLE_EQ(*Measured({0.8, 0.4, 0.6, 0.1}, {1, 1, 0, 0}).auc, 0.75);
  EXPECT_DOUBLE_EQ(*Measured({0.9, 0.8, 0.2, 0.1}, {1, 1, 0, 0}).auc, 1.0);
  EXPECT_DOUBLE_EQ(*Measured({0.1, 0.2, 0.8, 0.9}, {1, 1, 0, 0}).auc, 0.0);
}

TEST(Quality, CountsATieAsHalf) {
  EXPECT_DOUBLE_EQ(*Measured({0.5, 0.5, 0.5, 0.5}, {1, 0, 1, 0}).auc, 0.5);
  // Positives 0.7 and 0.5, negatives 0.5 and 0.5 and 0.2: 3 + (0.5 + 0.5 + 1) of 6.
  EXPECT_DOUBLE_EQ(*Measured({0.7, 0.5, 0.5, 0.5, 0.2}, {1, 1, 0, 0, 0}).auc, 5.0 / 6);
}

TEST(Quality, BrierIsTheMeanSquaredDistance) {
  // (0.2^2 + 0.6^2 + 0.6^2 + 0.1^2) / 4
  EXPECT_NEAR(Measured({0.8, 0.4, 0.6, 0.1}, {1, 1, 0, 0}).brier, 0.1925, 1e-15);
}

TEST(Quality, HasNoAucForLabelsOfOneKindAndNothingWithoutScores) {
  EXPECT_FALSE(Measured({0.1, 0.2}, {1, 1}).auc.has_value());
  EXPECT_FALSE(Measured({0.1, 0.2}, {0, 0}).auc.has_value());
  EXPECT_FALSE(QualityOf({}, {}).has_value());
}

TEST(Latencies, PercentilesAreValuesThatWereSeen) {
  Latencies latencies;
  for (int i = 100; i >= 1; --i) latencies.Add(milliseconds(i));
  EXPECT_DOUBLE_EQ(latencies.PercentileMs(0.5), 50);
  EXPECT_DOUBLE_EQ(latencies.PercentileMs(0.99), 99);
  EXPECT_DOUBLE_EQ(latencies.PercentileMs(1), 100);
  EXPECT_DOUBLE_EQ(latencies.PercentileMs(0), 1);
  latencies.Add(milliseconds(1000));
  EXPECT_DOUBLE_EQ(latencies.PercentileMs(1), 1000);
  EXPECT_EQ(latencies.count(), 101U);
}

TEST(Latencies, OfOneCallAndOfNone) {
  Latencies latencies;
  EXPECT_DOUBLE_EQ(latencies.PercentileMs(0.99), 0);
  latencies.Add(std::chrono::microseconds(1500));
  EXPECT_DOUBLE_EQ(latencies.PercentileMs(0.5), 1.5);
  EXPECT_DOUBLE_EQ(latencies.PercentileMs(0.99), 1.5);
}

TEST(Thousands, PartsDigitsInThrees) {
  EXPECT_EQ(Thousands(0), "0");
  EXPECT_EQ(Thousands(999), "999");
  EXPECT_EQ(Thousands(1000), "1,000");
  EXPECT_EQ(Thousands(82609), "82,609");
  EXPECT_EQ(Thousands(-1234567), "-1,234,567");
}

TEST(OrderedWriter, WritesInTheOrderOfBeginning) {
  std::ostringstream out;
  OrderedWriter writer(&out);
  for (uint64_t piece = 0; piece < 4; ++piece) EXPECT_EQ(writer.Begin(), piece);
  writer.Finish(2, "c");
  writer.Finish(1, "b");
  EXPECT_EQ(out.str(), "");
  EXPECT_EQ(writer.pending(), 4U);
  writer.Finish(0, "a");
  EXPECT_EQ(out.str(), "abc");
  EXPECT_EQ(writer.pending(), 1U);
  EXPECT_EQ(writer.Begin(), 4U);
  writer.Finish(4, "e");
  writer.Finish(3, "d");
  EXPECT_EQ(out.str(), "abcde");
}

inference::ModelInferResponse Provenance(int64_t live, int64_t defaulted, bool degraded) {
  inference::ModelInferResponse response;
  auto& parameters = *response.mutable_parameters();
  parameters["features_live"].set_int64_param(live);
  parameters["features_cached"].set_int64_param(0);
  parameters["features_defaulted"].set_int64_param(defaulted);
  parameters["oldest_feature_age_ms"].set_int64_param(90'000);
  parameters["degraded"].set_bool_param(degraded);
  return response;
}

TEST(FeatureCounts, AddUpOverAnswers) {
  FeatureCounts counts;
  EXPECT_EQ(FeatureText(counts), "");
  counts.Add(Provenance(26, 8, false), 1);
  counts.Add(Provenance(0, 68, true), 2);
  counts.Add(inference::ModelInferResponse(), 3);
  EXPECT_EQ(counts.live, 26);
  EXPECT_EQ(counts.defaulted, 76);
  EXPECT_EQ(counts.degraded_answers, 1);
  EXPECT_EQ(counts.degraded_rows, 2);
  EXPECT_EQ(FeatureText(counts), "26 live, 76 defaulted of 102 cells, oldest 90.0 s");
}

ScoreSummary Example() {
  ScoreSummary summary;
  summary.model = "m";
  summary.version = "2";
  summary.rows = 10;
  summary.scored = 8;
  summary.requests = 3;
  summary.seconds = 2;
  summary.latencies.Add(milliseconds(4));
  summary.AddError(absl::StatusCode::kInvalidArgument, "INVALID_ARGUMENT: row 3", 1);
  summary.AddError(absl::StatusCode::kInternal, "INTERNAL: later", 1);
  summary.features.Add(Provenance(5, 3, true), 8);
  return summary;
}

TEST(ScoreSummary, TellsAPersonWhatHappened) {
  ScoreSummary summary = Example();
  const std::string text = SummaryText(summary);
  EXPECT_THAT(text, HasSubstr("model     m, version 2\n"));
  EXPECT_THAT(text, HasSubstr("rows      8 scored, 2 failed\n"));
  EXPECT_THAT(text, HasSubstr("speed     5 rows/s, 3 requests in 2.00 s\n"));
  EXPECT_THAT(text, HasSubstr("p50 4.00 ms"));
  EXPECT_THAT(text, HasSubstr("errors    INTERNAL: 1 rows\n"));
  EXPECT_THAT(text, HasSubstr("errors    INVALID_ARGUMENT: 1 rows\n"));
  EXPECT_THAT(text, HasSubstr("first     INVALID_ARGUMENT: row 3\n"));
  EXPECT_THAT(text, HasSubstr("features  5 live, 3 defaulted of 8 cells"));
  EXPECT_THAT(text, HasSubstr("degraded  8 rows in 1 answers\n"));
  EXPECT_THAT(text, Not(HasSubstr("quality")));
}

TEST(ScoreSummary, ShowsQualityWhereThereAreLabels) {
  ScoreSummary summary = Example();
  summary.has_label = true;
  EXPECT_THAT(SummaryText(summary), HasSubstr("quality   no labelled row was scored\n"));
  summary.predictions = {0.9, 0.1};
  summary.labels = {1, 0};
  summary.unlabelled = 4;
  EXPECT_THAT(SummaryText(summary),
              HasSubstr("quality   AUC 1.000000, Brier 0.010000 over 2 rows"));
  EXPECT_THAT(SummaryText(summary), HasSubstr("4 rows have a label other than 0 and 1"));
  summary.labels = {0, 0};
  EXPECT_THAT(SummaryText(summary), HasSubstr("AUC undefined (labels of one kind)"));
}

TEST(ScoreSummary, TellsAProgramTheSame) {
  ScoreSummary summary = Example();
  summary.predictions = {0.9, 0.1};
  summary.labels = {1, 0};
  const auto json = nlohmann::json::parse(SummaryJson(summary));
  EXPECT_EQ(json["rows"], 10);
  EXPECT_EQ(json["scored"], 8);
  EXPECT_EQ(json["failed"], 2);
  EXPECT_EQ(json["rows_per_second"], 5.0);
  EXPECT_EQ(json["latency_ms"]["p99"], 4.0);
  EXPECT_EQ(json["errors"]["INTERNAL"], 1);
  EXPECT_EQ(json["features"]["defaulted"], 3);
  EXPECT_EQ(json["features"]["degraded_rows"], 8);
  EXPECT_EQ(json["quality"]["auc"], 1.0);
  EXPECT_EQ(json["quality"]["rows"], 2);
}

TEST(ProgressLine, DrawsABarWithRateAndTimeLeft) {
  const Progress::Snapshot half = {.rows = 5000, .failed = 2, .bytes = 50, .total_bytes = 100};
  EXPECT_EQ(ProgressLine(half, seconds(2), 10),
            "[#####.....]  50 %  5,000 rows  2,500 rows/s  2 failed  2 s left");
  EXPECT_EQ(ProgressLine(half, seconds(2), 0),
            " 50 %  5,000 rows  2,500 rows/s  2 failed  2 s left");
  EXPECT_EQ(ProgressLine({.rows = 7}, seconds(0), 10), "7 rows");
}

TEST(Progress, RedrawsNoMoreOftenThanOneCanSee) {
  ManualClock clock;
  std::ostringstream out;
  Progress progress(&out, /*terminal=*/true, clock);
  progress.Update({.rows = 1});
  EXPECT_EQ(out.str(), "");
  clock.Advance(milliseconds(100));
  progress.Update({.rows = 2});
  progress.Update({.rows = 3});
  EXPECT_EQ(out.str(), "\r\x1b[K2 rows  20 rows/s");
  progress.Finish();
  EXPECT_EQ(out.str(), "\r\x1b[K2 rows  20 rows/s\r\x1b[K");
}

TEST(Progress, WritesPlainLinesWhereThereIsNoTerminal) {
  ManualClock clock;
  std::ostringstream out;
  Progress progress(&out, /*terminal=*/false, clock);
  clock.Advance(seconds(4));
  progress.Update({.rows = 4});
  EXPECT_EQ(out.str(), "");
  clock.Advance(seconds(1));
  progress.Update({.rows = 5});
  progress.Finish();
  EXPECT_EQ(out.str(), "5 rows  1 rows/s\n");
}

}  // namespace
}  // namespace tournant::client
