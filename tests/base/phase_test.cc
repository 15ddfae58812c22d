#include "base/phase.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "fakes/manual_clock.h"

namespace tournant {
namespace {

using std::chrono::milliseconds;

class Recorder final : public PhaseObserver {
 public:
  void OnEnter(Phase phase) override { log.push_back(absl::StrCat("+", PhaseName(phase))); }
  void OnLeave(Phase phase, Duration spent) override {
    log.push_back(absl::StrCat("-", PhaseName(phase), " ",
                               std::chrono::duration_cast<milliseconds>(spent).count(), "ms"));
  }
  std::vector<std::string> log;
};

TEST(CallPhase, ReportsEachChangeWithTheTimeSpent) {
  ManualClock clock;
  Recorder recorder;
  {
    CallPhase phase(clock, &recorder);
    clock.Advance(milliseconds(2));
    phase.Enter(Phase::kValidating);
    clock.Advance(milliseconds(3));
    phase.Enter(Phase::kDone);
    EXPECT_EQ(phase.spent(Phase::kAccepted), milliseconds(2));
    EXPECT_EQ(phase.spent(Phase::kValidating), milliseconds(3));
  }
  EXPECT_EQ(recorder.log, (std::vector<std::string>{"+Accepted", "-Accepted 2ms", "+Validating",
                                                    "-Validating 3ms", "+Done"}));
}

TEST(CallPhase, HasFailedWhenItEndsWithoutSayingHow) {
  ManualClock clock;
  Recorder recorder;
  {
    CallPhase phase(clock, &recorder);
    phase.Enter(Phase::kQueued);
  }
  EXPECT_EQ(recorder.log.back(), "+Failed");
}

TEST(CallPhase, DoesNotLeaveAnEnd) {
  ManualClock clock;
  Recorder recorder;
  {
    CallPhase phase(clock, &recorder);
    phase.Enter(Phase::kRejected);
    phase.Enter(Phase::kComputing);
    EXPECT_EQ(phase.current(), Phase::kRejected);
  }
  EXPECT_EQ(recorder.log.back(), "+Rejected");
}

TEST(CallPhase, TakesAMomentThatAnotherThreadSaw) {
  ManualClock clock;
  CallPhase phase(clock, nullptr);
  const TimePoint start = clock.Now();
  phase.Enter(Phase::kQueued);
  clock.Advance(milliseconds(10));
  phase.EnterAt(Phase::kComputing, start + milliseconds(4));
  phase.Enter(Phase::kResponding);
  EXPECT_EQ(phase.spent(Phase::kQueued), milliseconds(4));
  EXPECT_EQ(phase.spent(Phase::kComputing), milliseconds(6));
}

TEST(CallPhase, NeverCountsNegativeTime) {
  ManualClock clock;
  CallPhase phase(clock, nullptr);
  clock.Advance(milliseconds(5));
  phase.Enter(Phase::kQueued);
  phase.EnterAt(Phase::kComputing, clock.Now() - milliseconds(3));
  clock.Advance(milliseconds(1));
  phase.Enter(Phase::kDone);
  EXPECT_EQ(phase.spent(Phase::kQueued), milliseconds(0));
  EXPECT_EQ(phase.spent(Phase::kComputing), milliseconds(1));
}

TEST(CallPhase, AddsUpVisits) {
  ManualClock clock;
  CallPhase phase(clock, nullptr);
  for (int i = 0; i < 3; ++i) {
    phase.Enter(Phase::kQueued);
    clock.Advance(milliseconds(2));
    phase.Enter(Phase::kComputing);
  }
  EXPECT_EQ(phase.spent(Phase::kQueued), milliseconds(6));
}

TEST(Phase, HasANameForEveryValue) {
  EXPECT_EQ(PhaseName(Phase::kAwaitingFeatures), "AwaitingFeatures");
  EXPECT_EQ(PhaseName(Phase::kFailed), "Failed");
  EXPECT_TRUE(IsEnd(Phase::kDone));
  EXPECT_TRUE(IsEnd(Phase::kCancelled));
  EXPECT_FALSE(IsEnd(Phase::kResponding));
}

}  // namespace
}  // namespace tournant
