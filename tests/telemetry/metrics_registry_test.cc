#include "telemetry/metrics_registry.h"

#include <gtest/gtest.h>

#include "fakes/manual_clock.h"
#include "telemetry/process_metrics.h"
#include "telemetry/prometheus_text.h"

namespace tournant {
namespace {

TEST(MetricsRegistry, WritesNothingWhenEmpty) { EXPECT_EQ(MetricsRegistry().Text(), ""); }

TEST(MetricsRegistry, ReadsItsSourcesAtEachScrape) {
  MetricsRegistry registry;
  double value = 1;
  registry.AddGauge("depth", "How deep.", [&] { return value; });
  EXPECT_EQ(PrometheusText(registry.Text()).Value("depth"), 1);
  value = 2.5;
  const PrometheusText text(registry.Text());
  EXPECT_EQ(text.Value("depth"), 2.5);
  EXPECT_EQ(text.types.at("depth"), "gauge");
  EXPECT_NE(registry.Text().find("# HELP depth How deep.\n"), std::string::npos);
}

TEST(MetricsRegistry, WritesLabels) {
  MetricsRegistry registry;
  registry.AddCounters("dropped_total", "Dropped.", [] {
    return std::vector<MetricSample>{{{{"reason", "full"}, {"log", "a"}}, 3},
                                     {{{"reason", "quote\"back\\line\n"}}, 4}};
  });
  const PrometheusText text(registry.Text());
  EXPECT_EQ(text.types.at("dropped_total"), "counter");
  EXPECT_EQ(text.Value(R"(dropped_total{reason="full",log="a"})"), 3);
  EXPECT_EQ(text.Value(R"(dropped_total{reason="quote\"back\\line\n"})"), 4);
  EXPECT_TRUE(text.errors.empty());
}

TEST(MetricsRegistry, ShowsANameOnceHoweverOftenItIsRegistered) {
  MetricsRegistry registry;
  registry.AddGauges("n", "N.", [] { return std::vector<MetricSample>{{{{"of", "a"}}, 1}}; });
  registry.AddGauge("other", "Other.", [] { return 0; });
  registry.AddGauges("n", "N.", [] { return std::vector<MetricSample>{{{{"of", "b"}}, 2}}; });
  const PrometheusText text(registry.Text());
  EXPECT_TRUE(text.errors.empty()) << *text.errors.begin();
  EXPECT_EQ(text.Value(R"(n{of="a"})"), 1);
  EXPECT_EQ(text.Value(R"(n{of="b"})"), 2);
}

TEST(MetricsRegistry, ReadsOnceWhatBelongsTogether) {
  MetricsRegistry registry;
  double readings = 0;
  registry.AddTogether([&] {
    ++readings;
    return std::vector<MetricSamples>{
        {MetricKind::kCounter, "in_total", "In.", {{{}, readings}}},
        {MetricKind::kGauge, "inside", "Inside.", {{{{"of", "a"}}, readings}}}};
  });
  const PrometheusText text(registry.Text());
  EXPECT_TRUE(text.errors.empty());
  EXPECT_EQ(text.Value("in_total"), 1);
  EXPECT_EQ(text.types.at("in_total"), "counter");
  EXPECT_EQ(text.Value(R"(inside{of="a"})"), 1);
  EXPECT_EQ(text.types.at("inside"), "gauge");
}

TEST(MetricsRegistry, WritesHistogramsOfTimesInSeconds) {
  MetricsRegistry registry;
  Histogram histogram;
  histogram.Record(std::chrono::nanoseconds(1024));
  histogram.Record(std::chrono::nanoseconds(1025));
  histogram.Record(std::chrono::seconds(1000));
  registry.AddHistograms("wait_seconds", "Waits.", HistogramUnit::kSeconds, [&] {
    return std::vector<HistogramSample>{{{{"phase", "Queued"}}, histogram.Read()}};
  });
  const PrometheusText text(registry.Text());
  EXPECT_TRUE(text.errors.empty());
  EXPECT_EQ(text.types.at("wait_seconds"), "histogram");
  EXPECT_EQ(text.Value(R"(wait_seconds_count{phase="Queued"})"), 3);
  EXPECT_NEAR(text.Value(R"(wait_seconds_sum{phase="Queued"})"), 1000.000002049, 1e-9);
  EXPECT_EQ(text.Value(R"(wait_seconds_bucket{phase="Queued",le="+Inf"})"), 3);
  // Cumulative, and the value that no finite bucket holds is only in the last.
  std::map<double, double> buckets;
  for (const auto& [series, value] : text.samples) {
    const size_t bound = series.find("le=\"");
    if (bound == std::string::npos) continue;
    buckets[std::strtod(series.c_str() + bound + 4, nullptr)] = value;
  }
  EXPECT_EQ(buckets.size(), 56u);  // 2^10, 1.5 * 2^10, ... 2^37 ns, and infinity.
  EXPECT_DOUBLE_EQ(buckets.begin()->first, 1024e-9);
  EXPECT_EQ(buckets.begin()->second, 1);
  EXPECT_EQ(std::next(buckets.begin())->second, 2);
  EXPECT_EQ(std::prev(buckets.end(), 2)->second, 2);
}

TEST(MetricsRegistry, WritesHistogramsOfCountsWithPowersOfTwoExactly) {
  MetricsRegistry registry;
  Histogram rows;
  for (uint64_t n : {1, 8, 8, 9, 64}) rows.Record(n);
  registry.AddHistograms("batch_rows", "Rows.", HistogramUnit::kCount,
                         [&] { return std::vector<HistogramSample>{{{}, rows.Read()}}; });
  const PrometheusText text(registry.Text());
  EXPECT_EQ(text.Value(R"(batch_rows_bucket{le="1"})"), 1);
  EXPECT_EQ(text.Value(R"(batch_rows_bucket{le="8"})"), 3);
  EXPECT_EQ(text.Value(R"(batch_rows_bucket{le="12"})"), 4);
  EXPECT_EQ(text.Value(R"(batch_rows_bucket{le="48"})"), 4);
  EXPECT_EQ(text.Value(R"(batch_rows_bucket{le="64"})"), 5);
  EXPECT_EQ(text.Value("batch_rows_sum"), 90);
}

TEST(MetricsRegistry, ShowsFewerBoundsOfRowsAndBytes) {
  MetricsRegistry registry;
  HistogramSnapshot values;
  values.Add(5, 3);
  values.Add(64, 2);
  for (const auto& [name, unit] :
       {std::pair{"rows", HistogramUnit::kRows}, {"bytes", HistogramUnit::kBytes}}) {
    registry.AddHistograms(name, "Some.", unit,
                           [&] { return std::vector<HistogramSample>{{{}, values}}; });
  }
  const PrometheusText text(registry.Text());
  EXPECT_TRUE(text.errors.empty());
  EXPECT_EQ(text.Value(R"(rows_bucket{le="4"})"), 0);
  EXPECT_EQ(text.Value(R"(rows_bucket{le="6"})"), -1);
  EXPECT_EQ(text.Value(R"(rows_bucket{le="8"})"), 3);
  EXPECT_EQ(text.Value(R"(bytes_bucket{le="16"})"), 3);
  EXPECT_EQ(text.Value(R"(bytes_bucket{le="32"})"), -1);
  EXPECT_EQ(text.Value(R"(bytes_bucket{le="64"})"), 5);
  EXPECT_EQ(text.Value("bytes_sum"), 143);
  EXPECT_EQ(text.Value("rows_count"), 5);
}

TEST(CounterFamily, CountsEachCombinationOfLabelsApart) {
  MetricsRegistry registry;
  CounterFamily& family = registry.AddCounterFamily("loads_total", "Loads.", {"model", "outcome"});
  family.At({"a", "ok"}).Add();
  family.At({"a", "failed"}).Add(2);
  Counter& kept = family.At({"a", "ok"});
  kept.Add(5);
  family.At({"short"}).Add();
  const PrometheusText text(registry.Text());
  EXPECT_TRUE(text.errors.empty());
  EXPECT_EQ(text.Value(R"(loads_total{model="a",outcome="ok"})"), 6);
  EXPECT_EQ(text.Value(R"(loads_total{model="a",outcome="failed"})"), 2);
  EXPECT_EQ(text.Value(R"(loads_total{model="short",outcome=""})"), 1);
}

TEST(ProcessMetrics, TellMemoryDescriptorsAndStart) {
  ManualClock clock;
  MetricsRegistry registry;
  RegisterProcessMetrics(clock, registry);
  const PrometheusText text(registry.Text());
  EXPECT_TRUE(text.errors.empty());
  EXPECT_EQ(text.Value("process_start_time_seconds"), 1'700'000'000);
  EXPECT_GT(text.Value("process_resident_memory_bytes"), 1'000'000);
  EXPECT_GE(text.Value("process_open_fds"), 3);
  EXPECT_GE(text.Value("process_threads"), 1);
  EXPECT_GE(text.Value("process_cpu_seconds_total"), 0);
}

}  // namespace
}  // namespace tournant
