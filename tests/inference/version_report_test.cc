#include "inference/version_report.h"

#include <gtest/gtest.h>

#include "inference/served.h"
#include "inference/test_jobs.h"
#include "telemetry/prometheus_text.h"

namespace tournant {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

class VersionReportTest : public testing::Test {
 protected:
  VersionReportTest() {
    version_ = Served(pool_, Int64Version(TimesTen([this](const std::vector<int64_t>&) {
                        calls_.test.clock.Advance(milliseconds(3));
                      })));
    models_.Publish(version_);
  }
  PrometheusText Text() {
    const VersionReport report(models_, pool_);
    MetricsRegistry registry;
    report.RegisterWith(registry);
    report.RegisterTritonNames(registry);
    PrometheusText text(registry.Text());
    EXPECT_TRUE(text.errors.empty()) << *text.errors.begin();
    return text;
  }

  Calls calls_;
  ModelRegistry models_;
  WorkerPool pool_{calls_.test.clock, {.workers = 2}};
  std::shared_ptr<ModelVersion> version_;
};

TEST_F(VersionReportTest, ShowsNoCostsBeforeSomethingWasComputed) {
  const PrometheusText text = Text();
  EXPECT_EQ(text.Value(R"(tournant_capacity_rows_per_second{model="m",version="1"})"), -1);
  EXPECT_EQ(text.Value(R"(tournant_cost_model_row_seconds{model="m",version="1"})"), -1);
  EXPECT_EQ(text.Value(R"(tournant_batch_rows_count{model="m",version="1"})"), 0);
  EXPECT_EQ(text.Value(R"(nv_inference_count{model="m",version="1"})"), 0);
  EXPECT_EQ(text.Value(R"(tournant_queue_jobs{model="m",version="1"})"), 0);
}

TEST_F(VersionReportTest, ShowsCostsAndWhatTheWorkersCanDo) {
  for (int i = 0; i < 100; ++i) {
    for (const int64_t rows : {1, 2, 4, 8}) {
      version_->queue->cost().Learn(rows, microseconds(800 + 100 * rows));
    }
  }
  const PrometheusText text = Text();
  EXPECT_NEAR(text.Value(R"(tournant_cost_model_fixed_seconds{model="m",version="1"})"), 8e-4,
              1e-6);
  EXPECT_NEAR(text.Value(R"(tournant_cost_model_row_seconds{model="m",version="1"})"), 1e-4, 1e-6);
  EXPECT_LT(text.Value(R"(tournant_cost_model_residual_seconds{model="m",version="1"})"), 1e-3);
  // Two workers, eight rows in 1.6 ms.
  EXPECT_NEAR(text.Value(R"(tournant_capacity_rows_per_second{model="m",version="1"})"), 10'000,
              50);
}

TEST_F(VersionReportTest, ShowsCallsInTritonsNames) {
  calls_.Start(pool_, Int64Job(version_, {1, 2, 3}, calls_.In(seconds(1))));
  calls_.Finish();
  version_->queue->statistics().CountFailure(milliseconds(1), CallFailure::kCanceled);
  const PrometheusText text = Text();
  const auto value = [&](const std::string& name) {
    return text.Value("nv_inference_" + name + R"({model="m",version="1"})");
  };
  EXPECT_EQ(value("request_success"), 1);
  EXPECT_EQ(value("count"), 3);
  EXPECT_EQ(value("exec_count"), 1);
  EXPECT_EQ(value("request_duration_us"), 3000);
  EXPECT_EQ(value("queue_duration_us"), 0);
  EXPECT_EQ(value("compute_infer_duration_us"), 3000);
  EXPECT_EQ(value("pending_request_count"), 0);
  const std::string failure = R"(nv_inference_request_failure{model="m",version="1",reason=")";
  EXPECT_EQ(text.Value(failure + "CANCELED\"}"), 1);
  EXPECT_EQ(text.Value(failure + "BACKEND\"}"), 0);
  EXPECT_EQ(text.Value(R"(tournant_batch_rows_bucket{model="m",version="1",le="2"})"), 0);
  EXPECT_EQ(text.Value(R"(tournant_batch_rows_bucket{model="m",version="1",le="4"})"), 1);
  EXPECT_EQ(text.Value(R"(tournant_batch_rows_sum{model="m",version="1"})"), 3);
}

TEST_F(VersionReportTest, SaysWhichVersionsCouldNotBeLoadedOrReplaced) {
  models_.MarkFailed("broken", 1, "no model");
  models_.MarkLoading("late", 1);
  const PrometheusText before = Text();
  EXPECT_EQ(before.Value(R"(tournant_model_version_failed{model="m",version="1"})"), 0);
  EXPECT_EQ(before.Value(R"(tournant_model_version_failed{model="broken",version="1"})"), 1);
  EXPECT_EQ(before.Value(R"(tournant_model_version_failed{model="late",version="1"})"), 0);
  models_.MarkFailed("m", 1, "the new files are no model");
  EXPECT_EQ(Text().Value(R"(tournant_model_version_failed{model="m",version="1"})"), 1);
  (void)models_.StartUnload("m", 1);
  models_.FinishUnload("m", 1);
  EXPECT_EQ(Text().Value(R"(tournant_model_version_failed{model="m",version="1"})"), -1);
}

}  // namespace
}  // namespace tournant
