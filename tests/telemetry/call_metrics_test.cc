#include "telemetry/call_metrics.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/thread.h"
#include "fakes/manual_clock.h"
#include "telemetry/call_stats.h"
#include "telemetry/prometheus_text.h"

namespace tournant {
namespace {

using std::chrono::milliseconds;

const std::vector<std::string> kMethods = {"inference.GRPCInferenceService/ModelInfer",
                                           "inference.GRPCInferenceService/ServerLive"};

TEST(CallMetrics, KnowsInWhichPhaseCallsAre) {
  ManualClock clock;
  CallMetrics metrics(kMethods);
  {
    CallPhase first(clock, &metrics);
    CallPhase second(clock, &metrics);
    first.Enter(Phase::kAwaitingFeatures);
    EXPECT_EQ(metrics.in_phase(Phase::kAccepted), 1);
    EXPECT_EQ(metrics.in_phase(Phase::kAwaitingFeatures), 1);
    first.Enter(Phase::kDone);
    second.Enter(Phase::kRejected);
    EXPECT_EQ(metrics.in_phase(Phase::kAccepted), 0);
    EXPECT_EQ(metrics.in_phase(Phase::kAwaitingFeatures), 0);
  }
  {
    CallPhase forgotten(clock, &metrics);
  }
  EXPECT_EQ(metrics.in_phase(Phase::kDone), 1);
  EXPECT_EQ(metrics.in_phase(Phase::kRejected), 1);
  EXPECT_EQ(metrics.in_phase(Phase::kFailed), 1);
  EXPECT_EQ(metrics.in_phase(Phase::kAccepted), 0);
}

TEST(CallMetrics, RecordsHowLongAPhaseTook) {
  ManualClock clock;
  CallMetrics metrics(kMethods);
  CallPhase call(clock, &metrics);
  call.Enter(Phase::kQueued);
  clock.Advance(milliseconds(3));
  call.Enter(Phase::kComputing);
  clock.Advance(milliseconds(5));
  call.Enter(Phase::kDone);
  EXPECT_EQ(metrics.phase_time(Phase::kQueued).sum(), 3'000'000u);
  EXPECT_EQ(metrics.phase_time(Phase::kComputing).sum(), 5'000'000u);
  EXPECT_EQ(metrics.phase_time(Phase::kComputing).count(), 1u);
  EXPECT_EQ(metrics.phase_time(Phase::kResponding).count(), 0u);
}

TEST(CallMetrics, KeepsDurationsByMethodAndStatus) {
  CallMetrics metrics(kMethods);
  metrics.OnStarted(0);
  metrics.OnStarted(0);
  metrics.OnStarted(1);
  metrics.OnFinished(0, 0, milliseconds(1));
  metrics.OnFinished(0, 8, milliseconds(2));
  metrics.OnFinished(1, 99, milliseconds(4));
  metrics.OnFinished(1, -1, milliseconds(4));
  EXPECT_EQ(metrics.started(0), 2);
  EXPECT_EQ(metrics.duration(0, 0).sum(), 1'000'000u);
  EXPECT_EQ(metrics.duration(0, 8).sum(), 2'000'000u);
  EXPECT_EQ(metrics.duration(0, 3).count(), 0u);
  EXPECT_EQ(metrics.duration(1, 2).count(), 2u);  // UNKNOWN.
}

TEST(CallMetrics, KeepsTheBytesOfMessagesByMethodAndStatus) {
  CallMetrics metrics(kMethods);
  metrics.OnFinished(0, 0, milliseconds(1), {.received = 300, .sent = 20});
  metrics.OnFinished(0, 0, milliseconds(1), {.received = 10, .sent = 0});
  metrics.OnFinished(0, 3, milliseconds(1), {.received = 7, .sent = 0});
  const CallMetrics::Ended ended = metrics.ended(0, 0);
  EXPECT_EQ(ended.received_bytes.sum(), 310u);
  EXPECT_EQ(ended.received_bytes.count(), 2u);
  EXPECT_EQ(ended.sent_bytes.sum(), 20u);
  EXPECT_EQ(metrics.ended(0, 3).received_bytes.sum(), 7u);
  EXPECT_EQ(metrics.ended(1, 0).sent_bytes.count(), 0u);
}

TEST(CallMetrics, KnowsHowFarCallsHadComeThatDidNotEndWell) {
  CallMetrics metrics(kMethods);
  metrics.OnStopped(Phase::kExpired, Phase::kQueued);
  metrics.OnStopped(Phase::kCancelled, Phase::kAwaitingFeatures);
  metrics.OnStopped(Phase::kCancelled, Phase::kAwaitingFeatures);
  metrics.OnStopped(Phase::kFailed, Phase::kAccepted);
  EXPECT_EQ(metrics.stopped(Phase::kExpired, Phase::kQueued), 1);
  EXPECT_EQ(metrics.stopped(Phase::kExpired, Phase::kAwaitingFeatures), 0);
  EXPECT_EQ(metrics.stopped(Phase::kCancelled, Phase::kAwaitingFeatures), 2);
  const CallStats stats({&metrics});
  MetricsRegistry registry;
  stats.RegisterWith(registry);
  const PrometheusText text(registry.Text());
  EXPECT_EQ(text.Value(R"(tournant_calls_expired_total{stage="Queued"})"), 1);
  EXPECT_EQ(text.Value(R"(tournant_calls_cancelled_total{stage="AwaitingFeatures"})"), 2);
  EXPECT_EQ(text.Value(R"(tournant_calls_failed_total{stage="Accepted"})"), 1);
  EXPECT_EQ(text.Value(R"(tournant_calls_failed_total{stage="Responding"})"), 0);
}

TEST(CallMetrics, KeepsModelsApartThatTakeTurns) {
  CallMetrics metrics({"a"});
  for (int i = 0; i < 3; ++i) {
    metrics.OnPrediction("x", 0);
    metrics.OnPrediction("y", 0);
    metrics.OnPrediction("y", 4);
  }
  metrics.OnPrediction("x", 0);
  std::map<std::pair<std::string, int>, int64_t> counts;
  metrics.ForEachModel(
      [&](const std::string& model, int code, int64_t count) { counts[{model, code}] = count; });
  EXPECT_EQ(counts, (std::map<std::pair<std::string, int>, int64_t>{
                        {{"x", 0}, 4}, {{"y", 0}, 3}, {{"y", 4}, 3}}));
}

TEST(CallMetrics, BoundsTheNumberOfModels) {
  CallMetrics metrics(kMethods);
  for (size_t i = 0; i < CallMetrics::kMaxModels + 10; ++i) {
    metrics.OnPrediction(std::to_string(i), 0);
  }
  size_t models = 0;
  int64_t other = 0;
  metrics.ForEachModel([&](const std::string& model, int, int64_t count) {
    ++models;
    if (model == "other") other = count;
  });
  EXPECT_EQ(models, CallMetrics::kMaxModels + 1);
  EXPECT_EQ(other, 10);
}

TEST(CallMetrics, CanBeReadWhileItsLoopCounts) {
  CallMetrics metrics(kMethods);
  const CallStats stats({&metrics});
  MetricsRegistry registry;
  stats.RegisterWith(registry);
  Thread loop("loop", [&] {
    ManualClock clock;
    for (int i = 0; i < 3000; ++i) {
      CallPhase call(clock, &metrics);
      metrics.OnStarted(0);
      call.Enter(Phase::kComputing);
      metrics.OnPrediction(std::to_string(i % 40), i % 17);
      metrics.OnFinished(0, i % 17, milliseconds(1));
      call.Enter(Phase::kDone);
    }
  });
  while (metrics.in_phase(Phase::kDone) < 3000) {
    ASSERT_TRUE(PrometheusText(registry.Text()).errors.empty());
  }
}

class CallStatsTest : public testing::Test {
 protected:
  CallStatsTest() : first_(kMethods), second_(kMethods), stats_({&first_, &second_}) {
    for (CallMetrics* loop : {&first_, &second_}) {
      CallPhase call(clock_, loop);
      loop->OnStarted(0);
      call.Enter(Phase::kComputing);
      clock_.Advance(milliseconds(8));
      call.Enter(Phase::kDone);
      loop->OnFinished(0, 0, milliseconds(8), {.received = 100, .sent = 64});
      loop->OnLoopLag(milliseconds(2));
      loop->OnPrediction("flights", 0);
    }
    second_.OnPrediction("flights", 14);
    FeatureProvenance features;
    features.live = 10;
    features.defaulted = 2;
    features.degraded = true;
    features.oldest_age_ms = 90'000;
    features.unknown_age = 3;
    features.from_future = 1;
    features.budget_exhausted = true;
    first_.OnFeatures(features);
    features.degraded = false;
    features.oldest_age_ms = -1;
    features.budget_exhausted = false;
    second_.OnFeatures(features);
  }

  ManualClock clock_;
  CallMetrics first_;
  CallMetrics second_;
  CallStats stats_;
};

TEST_F(CallStatsTest, TellsCallsThatWaitFromThoseThatAreComputedAsThePoolKnowsThem) {
  QueuedCalls pool;
  const CallStats stats({&first_, &second_}, [&pool] { return pool; });
  std::vector<std::unique_ptr<CallPhase>> calls;
  for (int i = 0; i < 5; ++i) {
    calls.push_back(std::make_unique<CallPhase>(clock_, i < 3 ? &first_ : &second_));
    calls.back()->Enter(Phase::kQueued);
  }
  const auto live = [&stats](Phase phase) {
    return stats.ByPhase()[static_cast<size_t>(phase)].second;
  };
  pool = {.waiting = 2, .computing = 1};
  EXPECT_EQ(live(Phase::kQueued), 2);
  EXPECT_EQ(live(Phase::kComputing), 1);
  EXPECT_EQ(live(Phase::kResponding), 2) << "their results are on the way";
  pool = {.waiting = 3, .computing = 8};
  EXPECT_EQ(live(Phase::kQueued), 3);
  EXPECT_EQ(live(Phase::kComputing), 2) << "a batch may be computed for calls that have ended";
  pool = {.waiting = 9, .computing = 0};
  EXPECT_EQ(live(Phase::kQueued), 5) << "warming up waits for workers, too";
  EXPECT_EQ(live(Phase::kResponding), 0);
}

TEST_F(CallStatsTest, ExportsTheSumOverLoops) {
  MetricsRegistry registry;
  stats_.RegisterWith(registry);
  CallPhase waiting(clock_, &second_);
  waiting.Enter(Phase::kAwaitingFeatures);
  const PrometheusText text(registry.Text());
  EXPECT_TRUE(text.errors.empty()) << *text.errors.begin();
  EXPECT_EQ(text.Value(R"(tournant_calls{phase="AwaitingFeatures"})"), 1);
  EXPECT_EQ(text.Value(R"(tournant_calls{phase="Computing"})"), 0);
  EXPECT_EQ(text.Value(R"(tournant_calls{phase="Done"})"), -1);
  EXPECT_EQ(text.Value(R"(tournant_calls_ended_total{phase="Done"})"), 2);
  EXPECT_EQ(text.Value(R"(tournant_phase_seconds_count{phase="Computing"})"), 2);
  EXPECT_DOUBLE_EQ(text.Value(R"(tournant_phase_seconds_sum{phase="Computing"})"), 0.016);
  EXPECT_EQ(text.Value(R"(grpc_server_call_started_total{grpc_method=")" + kMethods[0] + "\"}"), 2);
  EXPECT_EQ(text.Value(R"(grpc_server_call_duration_seconds_count{grpc_method=")" + kMethods[0] +
                       R"(",grpc_status="OK"})"),
            2);
  const std::string ok = "{grpc_method=\"" + kMethods[0] + R"(",grpc_status="OK")";
  const std::string received = "grpc_server_call_rcvd_total_compressed_message_size_bytes";
  const std::string sent = "grpc_server_call_sent_total_compressed_message_size_bytes";
  EXPECT_EQ(text.Value(received + "_sum" + ok + "}"), 200);
  EXPECT_EQ(text.Value(sent + "_bucket" + ok + R"(,le="16"})"), 0);
  EXPECT_EQ(text.Value(sent + "_bucket" + ok + R"(,le="64"})"), 2);
  EXPECT_EQ(text.Value("tournant_cq_loop_lag_seconds_count"), 2);
  EXPECT_DOUBLE_EQ(text.Value("tournant_cq_loop_lag_seconds_sum"), 0.004);
  EXPECT_EQ(text.Value(R"(tournant_calls_total{method=")" + kMethods[0] + R"(",code="OK"})"), 2);
  EXPECT_EQ(text.Value(R"(tournant_model_calls_total{model="flights",code="OK"})"), 2);
  EXPECT_EQ(text.Value(R"(tournant_model_calls_total{model="flights",code="UNAVAILABLE"})"), 1);
  EXPECT_EQ(text.Value(R"(tournant_feature_cells_total{outcome="live"})"), 20);
  EXPECT_EQ(text.Value(R"(tournant_feature_cells_total{outcome="defaulted"})"), 4);
  EXPECT_EQ(text.Value("tournant_degraded_answers_total"), 1);
  EXPECT_EQ(text.Value("tournant_feature_budget_exhausted_total"), 1);
  EXPECT_EQ(text.Value("tournant_feature_age_seconds_count"), 1);
  EXPECT_DOUBLE_EQ(text.Value("tournant_feature_age_seconds_sum"), 90);
  EXPECT_EQ(text.Value(R"(tournant_feature_age_seconds_bucket{le="65.536"})"), 0);
  EXPECT_EQ(text.Value(R"(tournant_feature_age_seconds_bucket{le="98.304"})"), 1);
  EXPECT_EQ(text.Value("tournant_feature_cells_of_unknown_age_total"), 6);
  EXPECT_EQ(text.Value("tournant_feature_cells_from_future_total"), 2);
}

TEST_F(CallStatsTest, TellsCallsAndTimesAsJson) {
  EXPECT_EQ(stats_.status_name(), "calls");
  const auto json = nlohmann::json::parse(stats_.StatusJson());
  EXPECT_EQ(json["live"]["Computing"], 0);
  EXPECT_EQ(json["live"].size(), kEndPhase);
  EXPECT_EQ(json["ended"]["Done"], 2);
  EXPECT_EQ(json["phase_seconds"]["Computing"]["count"], 2);
  EXPECT_NEAR(json["phase_seconds"]["Computing"]["p50"].get<double>(), 0.008, 0.008 / 16);
}

TEST(CallStats, OfNoLoopIsZero) {
  const CallStats stats({});
  MetricsRegistry registry;
  stats.RegisterWith(registry);
  EXPECT_EQ(PrometheusText(registry.Text()).Value(R"(tournant_calls{phase="Queued"})"), 0);
}

}  // namespace
}  // namespace tournant
