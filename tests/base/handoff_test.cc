#include "base/handoff.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>

#include "absl/status/statusor.h"
#include "base/status.h"
#include "fakes/live_count.h"
#include "fakes/test_call.h"

namespace tournant {
namespace {

using std::chrono::milliseconds;

struct Work final : Handoff {
  int result = 0;
  LiveCount alive;
};

Task<absl::StatusOr<int>> Await(const CallContext& call, std::shared_ptr<Work> work,
                                std::function<absl::Status()> start) {
  HandoffAwaiter waiting(call, *work, std::move(start));
  const absl::Status status = co_await waiting;
  if (!status.ok()) co_return status;
  co_return work->result;
}

absl::Status Nothing() { return absl::OkStatus(); }

// What a worker does at the end.
bool Finish(Work& work, int result) {
  if (!work.Claim()) return false;
  work.result = result;
  work.Resume();
  return true;
}

TEST(Handoff, GivesTheWorkersResultToTheCall) {
  TestCall call;
  auto work = std::make_shared<Work>();
  const Started<absl::StatusOr<int>> started(Await(call.context, work, Nothing));
  EXPECT_FALSE(started.done());
  EXPECT_EQ(call.loop.pending_timers(), 1u);
  EXPECT_TRUE(Finish(*work, 7));
  EXPECT_FALSE(started.done());  // Resumed by the loop, not by the worker.
  EXPECT_EQ(call.loop.RunUntilIdle(), 1u);
  EXPECT_EQ(**started.result, 7);
  EXPECT_EQ(call.loop.pending_timers(), 0u);
}

TEST(Handoff, TakesAResultThatComesBeforeTheWaitHasBegun) {
  TestCall call;
  auto work = std::make_shared<Work>();
  const Started<absl::StatusOr<int>> started(Await(call.context, work, [&] {
    std::thread([&] { Finish(*work, 8); }).join();
    return absl::OkStatus();
  }));
  call.loop.RunUntilIdle();
  EXPECT_EQ(**started.result, 8);
  EXPECT_EQ(call.loop.pending_timers(), 0u);
}

TEST(Handoff, EndsAtTheDeadlineWithoutTheWorker) {
  TestCall call;
  auto work = std::make_shared<Work>();
  const Started<absl::StatusOr<int>> started(Await(call.context, work, Nothing));
  call.loop.Advance(milliseconds(999));
  EXPECT_FALSE(started.done());
  call.loop.Advance(milliseconds(1));
  ASSERT_TRUE(started.done());
  EXPECT_EQ(started.result->status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_TRUE(work->claimed());
  EXPECT_FALSE(Finish(*work, 9));  // The worker comes late and touches only the handoff.
  EXPECT_EQ(call.loop.RunUntilIdle(), 0u);
}

TEST(Handoff, EndsWhenTheCallerLeaves) {
  TestCall call;
  auto work = std::make_shared<Work>();
  const Started<absl::StatusOr<int>> started(Await(call.context, work, Nothing));
  call.stop.request_stop();
  EXPECT_FALSE(started.done());  // Not inside request_stop.
  call.loop.RunUntilIdle();
  ASSERT_TRUE(started.done());
  EXPECT_EQ(started.result->status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(call.loop.pending_timers(), 0u);
  EXPECT_FALSE(Finish(*work, 9));
}

TEST(Handoff, KeepsAResultThatWonAgainstTheCallersLeaving) {
  TestCall call;
  auto work = std::make_shared<Work>();
  const Started<absl::StatusOr<int>> started(Await(call.context, work, Nothing));
  EXPECT_TRUE(Finish(*work, 7));
  call.stop.request_stop();
  call.loop.Advance(std::chrono::seconds(5));
  EXPECT_EQ(**started.result, 7);
}

TEST(Handoff, IsResumedOnceWhenDeadlineAndLeavingCoincide) {
  TestCall call;
  auto work = std::make_shared<Work>();
  const Started<absl::StatusOr<int>> started(Await(call.context, work, Nothing));
  call.clock.Advance(std::chrono::seconds(2));
  call.stop.request_stop();
  EXPECT_EQ(call.loop.RunUntilIdle(), 1u);
  // A caller whose deadline has passed leaves because of it.
  EXPECT_EQ(started.result->status().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST(Handoff, IsNotStartedForACallThatHasEnded) {
  TestCall call;
  call.stop.request_stop();
  bool ran = false;
  auto work = std::make_shared<Work>();
  const Started<absl::StatusOr<int>> started(Await(call.context, work, [&] {
    ran = true;
    return absl::OkStatus();
  }));
  ASSERT_TRUE(started.done());
  EXPECT_FALSE(ran);
  EXPECT_EQ(started.result->status().code(), absl::StatusCode::kCancelled);
  EXPECT_TRUE(work->claimed());
}

TEST(Handoff, EndsAtOnceWhenItCannotBeStarted) {
  TestCall call;
  auto work = std::make_shared<Work>();
  const auto full = [] { return Overloaded("QUEUE_FULL", milliseconds(20), "full"); };
  const Started<absl::StatusOr<int>> started(Await(call.context, work, full));
  ASSERT_TRUE(started.done());
  EXPECT_EQ(started.result->status(), full());
  EXPECT_EQ(call.loop.pending_timers(), 0u);
  EXPECT_FALSE(Finish(*work, 9));
}

TEST(Handoff, EndsWhenTheCallerLeavesWhileItIsBeingStarted) {
  TestCall call;
  auto work = std::make_shared<Work>();
  const Started<absl::StatusOr<int>> started(Await(call.context, work, [&] {
    call.stop.request_stop();
    return absl::OkStatus();
  }));
  call.loop.RunUntilIdle();
  ASSERT_TRUE(started.done());
  EXPECT_EQ(started.result->status().code(), absl::StatusCode::kCancelled);
}

TEST(Handoff, IsFreedByWhoeverComesLast) {
  TestCall call;
  auto work = std::make_shared<Work>();
  {
    const Started<absl::StatusOr<int>> started(Await(call.context, work, Nothing));
    call.loop.Advance(std::chrono::seconds(1));
    ASSERT_TRUE(started.done());
  }
  EXPECT_EQ(LiveCount::alive(), 1);
  Finish(*work, 1);
  work.reset();
  EXPECT_EQ(LiveCount::alive(), 0);
}

TEST(Handoff, IsWonByExactlyOneOfWorkerDeadlineAndLeaving) {
  constexpr int kRounds = 300;
  for (int round = 0; round < kRounds; ++round) {
    TestCall call;
    auto work = std::make_shared<Work>();
    const Started<absl::StatusOr<int>> started(Await(call.context, work, Nothing));
    bool won = false;
    std::thread worker([&] { won = Finish(*work, 5); });
    if (round % 3 == 0) call.clock.Advance(std::chrono::seconds(1));
    if (round % 3 == 1) call.stop.request_stop();
    while (!started.done()) call.loop.WaitAndRun();
    worker.join();
    EXPECT_EQ(call.loop.RunUntilIdle(), 0u);
    EXPECT_EQ(started.result->ok(), won);
  }
}

}  // namespace
}  // namespace tournant
