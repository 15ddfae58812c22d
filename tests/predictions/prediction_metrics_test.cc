#include "predictions/prediction_metrics.h"

#include <gtest/gtest.h>

#include <numeric>

#include "telemetry/prometheus_text.h"

namespace tournant {
namespace {

TEST(PredictionMetrics, ShowASumThatHoldsInEveryScrape) {
  // A log that never stands still: a record comes whenever somebody looks.
  PredictionLogCounters counters;
  MetricsRegistry registry;
  RegisterPredictionMetrics(
      [&] {
        ++counters.enqueued;
        ++(counters.enqueued % 2 == 0 ? counters.durable : counters.in_memory);
        return counters;
      },
      registry);
  for (int scrape = 1; scrape <= 5; ++scrape) {
    const PrometheusText text(registry.Text());
    EXPECT_TRUE(text.errors.empty());
    const auto ended = std::accumulate(
        text.samples.begin(), text.samples.end(), 0.0, [](double sum, const auto& sample) {
          const bool is_one = sample.first.starts_with("tournant_predictions_total{");
          return is_one ? sum + sample.second : sum;
        });
    EXPECT_EQ(text.Value("tournant_predictions_enqueued_total"), scrape);
    EXPECT_EQ(ended + text.Value("tournant_predictions_in_memory"), scrape);
  }
}

}  // namespace
}  // namespace tournant
