#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "fakes/fake_model.h"
#include "fakes/loop_thread.h"
#include "status/calls_in_flight_report.h"
#include "status/latency_report.h"
#include "status/models_status.h"

namespace tournant {
namespace {

using nlohmann::json;

TEST(CallsInFlightReport, ListsTheOldestCallsOfAllLoopsOldestFirst) {
  ManualClock clock;
  CallMetrics metrics({});
  CallsInFlight first;
  CallsInFlight second;
  Prediction prediction;
  prediction.request.model = "m";
  CallPhase young(clock, nullptr);
  clock.Advance(std::chrono::seconds(1));
  CallPhase younger(clock, nullptr);
  younger.Enter(Phase::kQueued);
  const CallsInFlight::Member in_second(second, young, prediction);
  const CallsInFlight::Member in_first(first, younger, prediction);
  clock.Advance(std::chrono::seconds(1));

  LoopThread one(clock);
  LoopThread two(clock);
  const CallsInFlightReport report(
      {{&one.loop(), &metrics, &first, nullptr}, {&two.loop(), &metrics, &second, nullptr}}, clock);
  const json status = json::parse(report.StatusJson());
  EXPECT_EQ(status["silent_loops"], 0);
  ASSERT_EQ(status["oldest"].size(), 2u);
  EXPECT_EQ(status["oldest"][0]["phase"], "Accepted");
  EXPECT_EQ(status["oldest"][0]["age_seconds"], 2);
  EXPECT_EQ(status["oldest"][1]["phase"], "Queued");
  EXPECT_EQ(status["oldest"][1]["model"], "m");
}

TEST(LatencyReport, CountsCallsUpToEachBound) {
  CallMetrics metrics({});
  metrics.OnLeave(Phase::kQueued, std::chrono::nanoseconds(1000));
  metrics.OnLeave(Phase::kQueued, std::chrono::milliseconds(1));
  const json status = json::parse(LatencyReport({&metrics}).StatusJson());
  const json& counts = status["phases"]["Queued"];
  ASSERT_EQ(counts.size(), status["bounds"].size() + 1);
  EXPECT_EQ(counts[0], 1);  // 1.024 us
  EXPECT_EQ(counts.back(), 2);
  EXPECT_EQ(status["phases"]["Computing"].back(), 0);
}

TEST(ModelsStatus, ShowsWhatServesAndWhatDoesNot) {
  ModelRegistry registry;
  auto version = MakeVersion("m", 2, EchoModel());
  version->load_time = std::chrono::milliseconds(1500);
  registry.Publish(std::move(version));
  registry.MarkLoading("n", 1);
  registry.MarkFailed("n", 1, "broken");
  const json status = json::parse(ModelsStatus(registry).StatusJson());
  ASSERT_EQ(status.size(), 2u);
  EXPECT_EQ(status[0]["state"], "READY");
  EXPECT_EQ(status[0]["load_seconds"], 1.5);
  EXPECT_EQ(status[1]["reason"], "broken");
  EXPECT_FALSE(status[1].contains("load_seconds"));
}

}  // namespace
}  // namespace tournant
