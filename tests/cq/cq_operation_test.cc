#include "cq/cq_operation.h"

#include <grpcpp/alarm.h>
#include <gtest/gtest.h>

#include <optional>
#include <thread>

#include "base/task.h"
#include "cq/loop_thread.h"
#include "fakes/live_count.h"
#include "grpc/support/time.h"

namespace tournant {
namespace {

struct Outcome {
  std::optional<bool> ok;
  std::thread::id thread;
  Latch done;
};

Detached AwaitAlarm(CqLoop& loop, gpr_timespec when, grpc::Alarm& alarm, Latch* set,
                    Outcome& outcome) {
  const LiveCount frame;
  const auto start = [&](void* tag) {
    Latch* const latch = set;  // The frame may be gone once the alarm is set.
    alarm.Set(&loop.queue(), when, tag);
    if (latch != nullptr) latch->CountDown();
  };
  const bool ok = co_await CqOperation(start);
  outcome.ok = ok;
  outcome.thread = std::this_thread::get_id();
  outcome.done.CountDown();
}

TEST(CqOperation, GoesOnOnTheQueuesThreadWhenTheOperationIsOver) {
  Outcome outcome;
  {
    grpc::Alarm alarm;
    LoopThread thread;
    AwaitAlarm(thread.loop(), gpr_time_0(GPR_CLOCK_REALTIME), alarm, nullptr, outcome);
    outcome.done.Wait();
  }
  EXPECT_EQ(outcome.ok, true);
  EXPECT_NE(outcome.thread, std::this_thread::get_id());
  EXPECT_EQ(LiveCount::alive(), 0);
}

TEST(CqOperation, SaysThatTheOperationFailed) {
  Outcome outcome;
  {
    grpc::Alarm alarm;
    LoopThread thread;
    Latch set;
    AwaitAlarm(thread.loop(), gpr_inf_future(GPR_CLOCK_REALTIME), alarm, &set, outcome);
    set.Wait();
    EXPECT_EQ(LiveCount::alive(), 1);
    alarm.Cancel();
    outcome.done.Wait();
  }
  EXPECT_EQ(outcome.ok, false);
  EXPECT_EQ(LiveCount::alive(), 0);
}

TEST(CqOperation, IsGivenBackWhenTheQueueIsShutDown) {
  Outcome outcome;
  {
    grpc::Alarm alarm;
    LoopThread thread;
    AwaitAlarm(thread.loop(), gpr_inf_future(GPR_CLOCK_REALTIME), alarm, nullptr, outcome);
    // The queue waits for what was started on it.
    const Thread canceller("canceller", [&alarm] { alarm.Cancel(); });
    thread.Stop();
  }
  EXPECT_EQ(outcome.ok, false);
  EXPECT_EQ(LiveCount::alive(), 0);
}

}  // namespace
}  // namespace tournant
