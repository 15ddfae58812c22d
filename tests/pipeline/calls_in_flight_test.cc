#include "pipeline/calls_in_flight.h"

#include <gtest/gtest.h>

#include <memory>

#include "fakes/fake_model.h"
#include "fakes/manual_clock.h"

namespace tournant {
namespace {

struct Call {
  Call(CallsInFlight& calls, const ManualClock& clock, const std::string& model)
      : phase(clock, nullptr), member(calls, phase, prediction) {
    prediction.request.model = model;
  }
  CallPhase phase;
  Prediction prediction;
  CallsInFlight::Member member;
};

class CallsInFlightTest : public testing::Test {
 protected:
  std::unique_ptr<Call> Accept(const std::string& model) {
    auto call = std::make_unique<Call>(calls_, clock_, model);
    clock_.Advance(std::chrono::seconds(1));
    return call;
  }
  std::string Names(size_t most = 100) {
    std::string names;
    for (const auto& call : calls_.Oldest(most, clock_.Now())) names += call.model;
    return names;
  }

  ManualClock clock_;
  CallsInFlight calls_;
};

TEST_F(CallsInFlightTest, ListsThemInTheOrderInWhichTheyCame) {
  EXPECT_EQ(Names(), "");
  auto a = Accept("a");
  auto b = Accept("b");
  auto c = Accept("c");
  EXPECT_EQ(Names(), "abc");
  b.reset();
  EXPECT_EQ(Names(), "ac");
  auto d = Accept("d");
  a.reset();
  EXPECT_EQ(Names(), "cd");
  c.reset();
  d.reset();
  EXPECT_EQ(Names(), "");
}

TEST_F(CallsInFlightTest, GivesTheOldestAlone) {
  const auto a = Accept("a");
  const auto b = Accept("b");
  const auto c = Accept("c");
  EXPECT_EQ(Names(2), "ab");
  EXPECT_EQ(Names(0), "");
}

TEST_F(CallsInFlightTest, TellsWhichIsBeingComputed) {
  const auto call = Accept("m");
  InferenceJob job;
  call->phase.Enter(Phase::kQueued);
  call->prediction.job = &job;
  EXPECT_EQ(calls_.Oldest(1, clock_.Now())[0].phase, Phase::kQueued);
  job.executing_since = clock_.Now();
  EXPECT_EQ(calls_.Oldest(1, clock_.Now())[0].phase, Phase::kComputing);
  call->phase.Enter(Phase::kResponding);
  EXPECT_EQ(calls_.Oldest(1, clock_.Now())[0].phase, Phase::kResponding);
}

TEST_F(CallsInFlightTest, TellsWhatIsKnownOfEach) {
  const auto a = Accept("bad\nname");
  const auto b = Accept("m");
  b->prediction.version = MakeVersion("m", 4, EchoModel());
  b->prediction.rows = 3;
  b->prediction.request.id = std::string(1000, 'i');
  b->phase.Enter(Phase::kQueued);
  const auto calls = calls_.Oldest(10, clock_.Now());
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[0].model, "bad\\nname");
  EXPECT_EQ(calls[0].version, 0);
  EXPECT_EQ(calls[0].phase, Phase::kAccepted);
  EXPECT_EQ(calls[0].age, std::chrono::seconds(2));
  EXPECT_EQ(calls[1].version, 4);
  EXPECT_EQ(calls[1].rows, 3);
  EXPECT_EQ(calls[1].phase, Phase::kQueued);
  EXPECT_LT(calls[1].id.size(), 200u);
}

}  // namespace
}  // namespace tournant
