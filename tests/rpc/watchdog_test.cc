#include "rpc/watchdog.h"

#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include "fakes/manual_clock.h"
#include "rpc/methods.h"

namespace tournant {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A watchdog that looks when told, at loops that run when told.
class WatchdogTest : public ::testing::Test {
 protected:
  ~WatchdogTest() override {
    for (auto& lane : lanes_) {
      lane->loop.Shutdown();
      lane->loop.Run();
    }
    EXPECT_EQ(calls_.value(), 0);
  }

  void AddLane() {
    lanes_.push_back(std::make_unique<Lane>(builder_.AddCompletionQueue(), clock_, metrics_));
  }
  // Whether the server is live by one more look, `after` the last.
  bool Look(Watchdog& watchdog, Duration after) {
    clock_.Advance(after);
    watchdog.Check();
    return health_.live();
  }

  ManualClock clock_;
  ModelRegistry registry_;
  CallCount calls_;
  HealthService service_{calls_};
  Health health_{registry_, service_};
  CallMetrics metrics_{MethodNames()};
  grpc::ServerBuilder builder_;
  std::vector<std::unique_ptr<Lane>> lanes_;
};

TEST_F(WatchdogTest, IsNotLiveWhileAWorkerIsAtOneExecutionForTooLong) {
  Duration busy{0};
  TimePoint asked;
  Watchdog watchdog(lanes_, health_, calls_, clock_, {.longest_execution = [&](TimePoint now) {
                      asked = now;
                      return busy;
                    }});
  EXPECT_TRUE(Look(watchdog, seconds(1)));
  EXPECT_EQ(asked, clock_.Now());
  busy = seconds(60);
  EXPECT_TRUE(Look(watchdog, seconds(1)));
  busy += milliseconds(1);
  EXPECT_FALSE(Look(watchdog, seconds(1)));
  busy = milliseconds(3);
  EXPECT_TRUE(Look(watchdog, seconds(1)));
}

TEST_F(WatchdogTest, TakesItsPatienceWithWorkersFromItsOptions) {
  Watchdog watchdog(lanes_, health_, calls_, clock_,
                    {.longest_execution = [](TimePoint) { return seconds(61); },
                     .worker_stuck_after = seconds(62)});
  EXPECT_TRUE(Look(watchdog, seconds(1)));
}

TEST_F(WatchdogTest, IsNotLiveWhenALoopDoesNotAnswer) {
  AddLane();
  Watchdog watchdog(lanes_, health_, calls_, clock_, {});
  EXPECT_TRUE(Look(watchdog, seconds(0)));  // Knocks at a loop that nobody runs.
  EXPECT_TRUE(Look(watchdog, seconds(10)));
  EXPECT_FALSE(Look(watchdog, milliseconds(1)));
}

TEST_F(WatchdogTest, MeasuresHowLateALoopComesToAKnock) {
  AddLane();
  Watchdog watchdog(lanes_, health_, calls_, clock_, {});
  EXPECT_TRUE(Look(watchdog, seconds(0)));
  clock_.Advance(milliseconds(5));
  EXPECT_EQ(metrics_.loop_lag().count(), 0u);
  lanes_[0]->loop.Shutdown();
  lanes_[0]->loop.Run();
  EXPECT_EQ(metrics_.loop_lag().count(), 1u);
  EXPECT_EQ(metrics_.loop_lag().sum(), 5'000'000u);
  lanes_.clear();
}

}  // namespace
}  // namespace tournant
