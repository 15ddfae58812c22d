#include "features/feature_store_report.h"

#include <nlohmann/json.hpp>

#include "features/layered_client_test.h"
#include "telemetry/prometheus_text.h"

namespace tournant {
namespace {

using std::chrono::milliseconds;

class FeatureStoreReportTest : public LayeredClientTest {
 protected:
  PrometheusText Metrics() const {
    const FeatureStoreReport report(*client_, brown_out_, clock_);
    MetricsRegistry registry;
    report.RegisterWith(registry);
    PrometheusText text(registry.Text());
    EXPECT_TRUE(text.errors.empty()) << *text.errors.begin();
    return text;
  }
};

TEST_F(FeatureStoreReportTest, CountsFetchesByBackendAndOutcome) {
  Make(2);
  backends_[0]->script = [](int n) {
    if (n == 1) return FakeBackend::Answer{.status = absl::UnknownError("what?")};
    return FakeBackend::Answer{.delay = milliseconds(3)};
  };
  FetchMany(6);
  const PrometheusText text = Metrics();
  EXPECT_EQ(text.Value(R"(tournant_feature_requests_total{backend="b0",outcome="ok"})"), 2);
  EXPECT_EQ(text.Value(R"(tournant_feature_requests_total{backend="b0",outcome="error"})"), 1);
  EXPECT_EQ(text.Value(R"(tournant_feature_requests_total{backend="b1",outcome="ok"})"), 3);
  EXPECT_EQ(text.Value(R"(tournant_feature_fetch_seconds_count{backend="b0"})"), 3);
  EXPECT_NEAR(text.Value(R"(tournant_feature_fetch_seconds_sum{backend="b0"})"), 0.006, 1e-6);
  EXPECT_EQ(text.Value(R"(tournant_feature_rows_per_fetch_sum{backend="b1"})"), 3);
  EXPECT_EQ(text.Value(R"(tournant_feature_backend_reachable{backend="b1"})"), 1);
  EXPECT_EQ(text.Value(R"(tournant_feature_in_flight{backend="b0"})"), 0);
  EXPECT_EQ(text.Value(R"(tournant_feature_outgoing_limit{backend="b0"})"), 4096);
  EXPECT_EQ(text.Value("tournant_feature_brownout_level"), 0);
}

TEST_F(FeatureStoreReportTest, ShowsAnOutageInAllItsNumbers) {
  Make(1);
  backends_[0]->Always({.status = absl::UnavailableError("down")});
  brown_out_.Set(BrownOutLevel::kNoOptionalViews);
  FetchMany(30);
  const PrometheusText text = Metrics();
  EXPECT_EQ(text.Value(R"(tournant_feature_requests_total{backend="b0",outcome="unavailable"})"),
            20);
  EXPECT_EQ(text.Value(R"(tournant_feature_breaker_state{backend="b0"})"), 2);
  EXPECT_EQ(text.Value(R"(tournant_feature_breaker_transitions_total{backend="b0",to="open"})"), 1);
  EXPECT_EQ(text.Value(R"(tournant_feature_breaker_transitions_total{backend="b0",to="closed"})"),
            0);
  const double retries = text.Value("tournant_feature_retries_total");
  EXPECT_GT(retries, 0);
  EXPECT_LT(text.Value("tournant_feature_retry_budget_tokens"), 10);
  EXPECT_EQ(text.Value("tournant_feature_error_rate"), 1);
  EXPECT_EQ(text.Value("tournant_feature_brownout_level"), 2);

  const FeatureStoreReport report(*client_, brown_out_, clock_);
  EXPECT_EQ(report.status_name(), "feature_store");
  const auto status = nlohmann::json::parse(report.StatusJson());
  EXPECT_EQ(status["brownout_level"], 2);
  EXPECT_EQ(status["backends"][0]["name"], "b0");
  EXPECT_EQ(status["backends"][0]["breaker"], "open");
  EXPECT_EQ(status["backends"][0]["requests"]["unavailable"], 20);
  EXPECT_EQ(status["retries"], retries);
}

TEST_F(FeatureStoreReportTest, CountsHedgesByWhatCameOfThem) {
  options_.hedge.budget.at_start = 1;
  Make(2);
  Learn(milliseconds(2));
  // Alternately the first and the second call of a fetch is the slow one.
  int sent = 0;
  for (FakeBackend* backend : backends_) {
    backend->script = [&sent](int) {
      ++sent;
      return FakeBackend::Answer{.delay = milliseconds(sent == 1 ? 30 : sent == 4 ? 40 : 5)};
    };
  }
  Fetch();
  Fetch();
  brown_out_.Set(BrownOutLevel::kNoExtras);
  Fetch();
  const PrometheusText text = Metrics();
  EXPECT_EQ(text.Value(R"(tournant_feature_hedges_total{outcome="won"})"), 1);
  EXPECT_EQ(text.Value(R"(tournant_feature_hedges_total{outcome="lost"})"), 1);
  EXPECT_EQ(text.Value(R"(tournant_feature_hedges_total{outcome="suppressed"})"), 1);
  EXPECT_EQ(text.Value(R"(tournant_feature_requests_total{backend="b0",outcome="cancelled"})") +
                text.Value(R"(tournant_feature_requests_total{backend="b1",outcome="cancelled"})"),
            2);
}

}  // namespace
}  // namespace tournant
