// What a running feature store tells of itself: metrics and health.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/mutex.h"
#include "base/thread.h"
#include "fakes/manual_clock.h"
#include "feast/serving/ServingService.grpc.pb.h"
#include "feature_store/feature_store_server.h"
#include "feature_store/recorded_store.h"
#include "telemetry/metrics_registry.h"
#include "telemetry/prometheus_text.h"

namespace tournant {
namespace {

using feast::serving::GetOnlineFeaturesRequest;
using feast::serving::GetOnlineFeaturesResponse;
using feast::serving::ServingService;

std::unique_ptr<FeatureStoreServer> Start(const FeatureStoreOptions& options, const Clock& clock) {
  auto server = FeatureStoreServer::Start(options, clock);
  EXPECT_TRUE(server.ok()) << server.status();
  return server.ok() ? *std::move(server) : nullptr;
}

grpc::StatusCode Ask(FeatureStoreServer& server, const GetOnlineFeaturesRequest& request) {
  grpc::ClientContext context;
  GetOnlineFeaturesResponse response;
  return ServingService::NewStub(server.InProcessChannel())
      ->GetOnlineFeatures(&context, request, &response)
      .error_code();
}

TEST(FeatureStoreFigures, CountCallsReadsRowsAndCellsByTheirStatus) {
  const ManualClock clock;
  FeatureStoreOptions options = RecordedStore();
  options.call_limit.max_bytes = 10'000;
  const auto server = Start(options, clock);
  MetricsRegistry metrics;
  server->RegisterWith(metrics);
  GetOnlineFeaturesRequest two = SeatsOf("N1602");
  (*two.mutable_entities())["tailnum"].add_val()->set_string_val("NOPE");
  EXPECT_EQ(Ask(*server, two), grpc::StatusCode::OK);
  EXPECT_EQ(Ask(*server, SeatsOf("N1602")), grpc::StatusCode::OK);
  EXPECT_EQ(Ask(*server, SeatsOf(std::string(20'000, 'x'))), grpc::StatusCode::RESOURCE_EXHAUSTED);
  server->Shutdown(std::chrono::milliseconds(0));  // A call is counted after it was answered.

  const PrometheusText text(metrics.Text());
  EXPECT_THAT(text.errors, ::testing::IsEmpty());
  const std::string method = "grpc_method=\"feast.serving.ServingService/GetOnlineFeatures\"";
  const auto calls = [&](const char* status) {
    return text.Value(absl::StrCat("grpc_server_call_duration_seconds_count{", method,
                                   ",grpc_status=\"", status, "\"}"));
  };
  EXPECT_EQ(text.Value(absl::StrCat("grpc_server_call_started_total{", method, "}")), 3);
  EXPECT_EQ(calls("OK"), 2);
  EXPECT_EQ(calls("RESOURCE_EXHAUSTED"), 1);
  const std::string own = "tournant_feature_store_";
  EXPECT_EQ(text.Value(own + "read_seconds_count{outcome=\"OK\"}"), 2);
  EXPECT_EQ(text.Value(own + "rows_total"), 3);
  EXPECT_EQ(text.Value(own + "cells_total{status=\"PRESENT\"}"), 2);
  EXPECT_EQ(text.Value(own + "cells_total{status=\"NOT_FOUND\"}"), 1);
  EXPECT_EQ(text.Value(own + "cells_total{status=\"INVALID\"}"), 0);
  EXPECT_EQ(text.Value(own + "calls"), 0);
  EXPECT_EQ(text.Value(own + "limit_call_bytes"), 10'000);
  EXPECT_EQ(text.Value(own + "refused_calls_total{cause=\"too_many_bytes\"}"), 1);
  EXPECT_EQ(text.Value(own + "refused_calls_total{cause=\"too_many_calls\"}"), 0);
  EXPECT_EQ(text.Value(own + "registry_reads_total{outcome=\"used\"}"), 1);
  EXPECT_EQ(text.Value(own + "registry_outdated"), 0);
}

TEST(FeatureStoreFigures, CountAReadThatFailsByItsStatus) {
  const ManualClock clock;
  FeatureStoreOptions options = RecordedStore();
  options.store = "redis://127.0.0.1:1";
  const auto server = Start(options, clock);
  MetricsRegistry metrics;
  server->RegisterWith(metrics);
  EXPECT_EQ(Ask(*server, SeatsOf("N1602")), grpc::StatusCode::UNAVAILABLE);
  const PrometheusText text(metrics.Text());
  EXPECT_EQ(text.Value("tournant_feature_store_read_seconds_count{outcome=\"UNAVAILABLE\"}"), 1);
  EXPECT_EQ(text.Value("tournant_feature_store_rows_total"), 0);
}

TEST(FeatureStoreHealth, IsReadyUntilItIsToldToEnd) {
  const ManualClock clock;
  const auto server = Start(RecordedStore(), clock);
  EXPECT_TRUE(server->Ready());
  server->Shutdown(std::chrono::milliseconds(0));
  EXPECT_FALSE(server->Ready());
  EXPECT_TRUE(server->Live(std::chrono::milliseconds(0)));  // It ends as it should.
}

// Whoever looks at it while it is held stands still.
class HeldClock final : public Clock {
 public:
  TimePoint Now() const override {
    MutexLock lock(mutex_);
    for (; held_; changed_.Wait(mutex_)) {
      waiting_ = true;
      changed_.SignalAll();
    }
    return TimePoint(std::chrono::hours(1000));
  }
  WallTime WallNow() const override { return WallTime(std::chrono::seconds(1'700'000'000)); }

  void Hold(bool held) {
    MutexLock lock(mutex_);
    held_ = held;
    changed_.SignalAll();
  }
  void WaitForSomebody() {
    MutexLock lock(mutex_);
    while (!waiting_) changed_.Wait(mutex_);
  }

 private:
  mutable Mutex mutex_;
  mutable CondVar changed_;
  bool held_ ABSL_GUARDED_BY(mutex_) = false;
  mutable bool waiting_ ABSL_GUARDED_BY(mutex_) = false;
};

TEST(FeatureStoreHealth, IsLiveWhileItsLoopTurns) {
  HeldClock clock;
  const auto server = Start(RecordedStore(), clock);
  EXPECT_TRUE(server->Live(std::chrono::hours(1)));
  clock.Hold(true);
  Thread caller("caller", [&] { Ask(*server, SeatsOf("N1602")); });
  clock.WaitForSomebody();  // The loop's thread, which asks when the call has come.
  EXPECT_FALSE(server->Live(std::chrono::milliseconds(1)));
  clock.Hold(false);
  EXPECT_TRUE(server->Live(std::chrono::hours(1)));
  caller.Join();
}

}  // namespace
}  // namespace tournant
