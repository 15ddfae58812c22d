#include "inference/worker_pool.h"

#include <gtest/gtest.h>

#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "inference/gate.h"
#include "inference/served.h"
#include "inference/test_jobs.h"

namespace tournant {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(WorkerPool, AnswersACallWithItsResultAndTimes) {
  Calls calls;
  WorkerPool pool(calls.test.clock, {});
  const auto version = Served(pool, Int64Version(TimesTen()));
  auto& call = calls.Start(pool, Int64Job(version, {1, 2, 3}, calls.In(seconds(1))));
  calls.Finish();
  EXPECT_TRUE(call.status().ok()) << call.status();
  ASSERT_EQ(call.job->outputs.size(), 1u);
  EXPECT_EQ(call.job->outputs[0].shape, (Shape{3, 1}));
  EXPECT_EQ(Int64Values(call.job->outputs[0]), (std::vector<int64_t>{10, 20, 30}));
  EXPECT_EQ(call.job->batch_rows, 3);
  EXPECT_EQ(call.job->enqueued, calls.test.clock.Now());
  EXPECT_EQ(call.job->started, calls.test.clock.Now());
  EXPECT_EQ(call.job->finished, calls.test.clock.Now());
}

TEST(WorkerPool, RefinesOutputsOnAWorker) {
  Calls calls;
  WorkerPool pool(calls.test.clock, {});
  const auto version = Served(pool, Int64Version(TimesTen()));
  const auto job = Int64Job(version, {1, 2}, calls.In(seconds(1)));
  std::thread::id refined_on;
  job->refine = [&](std::vector<Tensor>& outputs) {
    refined_on = std::this_thread::get_id();
    outputs[0] = Strings({1}, {"best"});
  };
  auto& call = calls.Start(pool, job);
  calls.Finish();
  ASSERT_TRUE(call.status().ok()) << call.status();
  EXPECT_EQ(StringValues(job->outputs[0]), (std::vector<std::string>{"best"}));
  EXPECT_NE(refined_on, std::thread::id());
  EXPECT_NE(refined_on, std::this_thread::get_id());
}

TEST(WorkerPool, ARefinementThatThrowsFailsOnlyItsCall) {
  Calls calls;
  Gate gate;
  WorkerPool pool(calls.test.clock, {});
  const auto version = Served(pool, Int64Version(TimesTen([&gate](const auto&) { gate.Pass(); })));
  calls.Start(pool, Int64Job(version, {0}, calls.In(seconds(1))));
  gate.WaitForArrivals(1);
  const auto job = Int64Job(version, {1}, calls.In(seconds(1)));
  job->refine = [](std::vector<Tensor>&) { throw std::runtime_error("too large"); };
  auto& bad = calls.Start(pool, job);
  auto& good = calls.Start(pool, Int64Job(version, {2}, calls.In(seconds(1))));
  gate.OpenForGood();
  calls.Finish();
  EXPECT_EQ(bad.status().code(), absl::StatusCode::kInternal);
  EXPECT_TRUE(bad.job->outputs.empty());
  EXPECT_TRUE(good.status().ok()) << good.status();
}

TEST(WorkerPool, RefusesCallsOverTheQueuesLimitWithPushback) {
  Calls calls;
  Gate gate;
  WorkerPool pool(calls.test.clock, {.max_queue_jobs = 2});
  const auto version =
      Served(pool, Int64Version(TimesTen([&gate](const auto&) { gate.Pass(); }), 1));
  calls.Start(pool, Int64Job(version, {0}, calls.In(seconds(1))));
  gate.WaitForArrivals(1);
  for (int64_t i = 1; i <= 2; ++i) {
    calls.Start(pool, Int64Job(version, {i}, calls.In(seconds(1))));
  }
  auto& refused = calls.Start(pool, Int64Job(version, {3}, calls.In(seconds(1))));
  ASSERT_TRUE(refused.done());
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kResourceExhausted);
  ASSERT_TRUE(OverloadOf(refused.status()).has_value());
  EXPECT_EQ(OverloadOf(refused.status())->reason, "QUEUE_FULL");
  EXPECT_GE(OverloadOf(refused.status())->retry_after, milliseconds(10));
  EXPECT_EQ(refused.job->status, refused.status());
  gate.OpenForGood();
  calls.Finish();
  pool.Close();
  EXPECT_EQ(pool.Status().counts.accepted, 3);
  EXPECT_EQ(pool.Status().counts.rejected, 1);
  EXPECT_EQ(pool.Status().counts.ok, 3);
}

TEST(WorkerPool, SaysWhenAnExecutionKeepsItFromClosing) {
  Calls calls;
  Gate gate;
  WorkerPool pool(calls.test.clock, {.workers = 2});
  const auto version = Served(pool, Int64Version(TimesTen([&gate](const auto&) { gate.Pass(); })));
  calls.Start(pool, Int64Job(version, {0}, calls.In(seconds(1))));
  gate.WaitForArrivals(1);
  EXPECT_FALSE(pool.CloseWithin(milliseconds(1)));
  gate.OpenForGood();
  EXPECT_TRUE(pool.CloseWithin(std::chrono::hours(1)));
  calls.Finish();
}

TEST(WorkerPool, RefusesAVersionWithoutAQueue) {
  Calls calls;
  WorkerPool pool(calls.test.clock, {});
  auto& call = calls.Start(pool, Int64Job(Int64Version(TimesTen()), {0}, calls.In(seconds(1))));
  ASSERT_TRUE(call.done());
  EXPECT_EQ(call.status().code(), absl::StatusCode::kInternal);
}

TEST(WorkerPool, FreesThePlaceOfACallThatLeavesTheQueue) {
  Calls calls;
  Gate gate;
  BatchLog log;
  WorkerPool pool(calls.test.clock, {.max_queue_jobs = 1});
  const auto version = Served(pool, Int64Version(log.Model(&gate)));
  calls.Start(pool, Int64Job(version, {0}, calls.In(seconds(1))));
  gate.WaitForArrivals(1);
  auto& leaver = calls.Start(pool, Int64Job(version, {1}, calls.In(seconds(1))));
  leaver.stop.request_stop();
  calls.test.loop.RunUntilIdle();
  ASSERT_TRUE(leaver.done());
  EXPECT_EQ(leaver.status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(leaver.job->status.code(), absl::StatusCode::kCancelled);
  auto& next = calls.Start(pool, Int64Job(version, {2}, calls.In(seconds(1))));
  EXPECT_FALSE(next.done());
  gate.OpenForGood();
  calls.Finish();
  EXPECT_TRUE(next.status().ok());
  EXPECT_EQ(log.batches(), (std::vector<std::vector<int64_t>>{{0}, {2}}));
  pool.Close();
  EXPECT_EQ(pool.Status().counts.unwanted, 1);
}

TEST(WorkerPool, AnswersAtTheDeadlineWhileTheWorkerIsBusy) {
  Calls calls;
  Gate gate;
  BatchLog log;
  WorkerPool pool(calls.test.clock, {});
  const auto version = Served(pool, Int64Version(log.Model(&gate)));
  calls.Start(pool, Int64Job(version, {0}, calls.In(seconds(10))));
  gate.WaitForArrivals(1);
  auto& queued = calls.Start(pool, Int64Job(version, {1}, calls.In(milliseconds(5))));
  calls.test.loop.Advance(milliseconds(5));
  ASSERT_TRUE(queued.done());
  EXPECT_EQ(queued.status().code(), absl::StatusCode::kDeadlineExceeded);
  gate.OpenForGood();
  calls.Finish();
  pool.Close();
  EXPECT_EQ(log.batches(), (std::vector<std::vector<int64_t>>{{0}}));
  EXPECT_EQ(calls.test.loop.pending_timers(), 0u);
}

TEST(WorkerPool, NeverComputesWhatExpiredInTheQueueBeforeItsTimerFired) {
  Calls calls;
  Gate gate;
  BatchLog log;
  WorkerPool pool(calls.test.clock, {});
  const auto version = Served(pool, Int64Version(log.Model(&gate)));
  calls.Start(pool, Int64Job(version, {0}, calls.In(seconds(10))));
  gate.WaitForArrivals(1);
  auto& queued = calls.Start(pool, Int64Job(version, {1}, calls.In(milliseconds(5))));
  calls.test.clock.Advance(milliseconds(5));  // The loop, and so the timer, does not run.
  gate.OpenForGood();
  pool.Close();
  EXPECT_EQ(pool.Status().counts.expired, 1);
  calls.Finish();
  EXPECT_EQ(queued.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(log.batches(), (std::vector<std::vector<int64_t>>{{0}}));
}

TEST(WorkerPool, DropsTheResultOfACallThatLeftWhileItWasComputed) {
  Calls calls;
  Gate gate;
  WorkerPool pool(calls.test.clock, {});
  const auto version = Served(pool, Int64Version(TimesTen([&gate](const auto&) { gate.Pass(); })));
  auto& call = calls.Start(pool, Int64Job(version, {1}, calls.In(seconds(1))));
  gate.WaitForArrivals(1);
  call.stop.request_stop();
  calls.test.loop.RunUntilIdle();
  ASSERT_TRUE(call.done());
  EXPECT_EQ(call.status().code(), absl::StatusCode::kCancelled);
  gate.OpenForGood();
  pool.Close();
  EXPECT_TRUE(call.job->outputs.empty());
  EXPECT_EQ(call.job->started, TimePoint());
  EXPECT_EQ(pool.Status().counts.unwanted, 1);
  EXPECT_EQ(calls.test.loop.RunUntilIdle(), 0u);
}

// Fails the whole batch when one of its values is negative.
FakeModel::Function FailsOnNegative(bool by_exception) {
  return [by_exception, good = TimesTen()](
             std::span<const TensorView> inputs) -> absl::StatusOr<std::vector<Tensor>> {
    for (const int64_t value : Int64Values(inputs[0].bytes)) {
      if (value >= 0) continue;
      const std::string text = absl::StrCat("bad value ", value);
      if (by_exception) throw std::runtime_error(text);
      return absl::InternalError(text);
    }
    return good(inputs);
  };
}

TEST(WorkerPool, FailsOnlyTheCulpritOfABatchWithItsOwnMessage) {
  for (const bool by_exception : {false, true}) {
    Calls calls;
    Gate gate;
    WorkerPool pool(calls.test.clock, {});
    const FakeModel::Function fails = FailsOnNegative(by_exception);
    const auto version = Served(pool, Int64Version([&](std::span<const TensorView> inputs) {
                                  gate.Pass();
                                  return fails(inputs);
                                }));
    calls.Start(pool, Int64Job(version, {1}, calls.In(seconds(1))));
    gate.WaitForArrivals(1);
    for (const int64_t value : {2, -3, 4, -5}) {
      calls.Start(pool, Int64Job(version, {value}, calls.In(seconds(1))));
    }
    gate.OpenForGood();
    calls.Finish();
    for (const auto& call : calls.calls()) {
      const int64_t value = Int64Values(call.job->inputs[0])[0];
      if (value < 0) {
        EXPECT_EQ(call.status().code(), absl::StatusCode::kInternal);
        EXPECT_NE(call.status().message().find(absl::StrCat(value)), absl::string_view::npos)
            << call.status();
      } else {
        EXPECT_TRUE(call.status().ok()) << call.status();
        EXPECT_EQ(Int64Values(call.job->outputs[0]), std::vector<int64_t>{10 * value});
        EXPECT_EQ(call.job->batch_rows, 1);
      }
    }
    EXPECT_EQ(gate.arrived(), 1 + 1 + 4);  // Alone, together, and once each.
    pool.Close();
    EXPECT_EQ(pool.Status().counts.failed, 2);
    EXPECT_EQ(pool.Status().counts.ok, 3);
  }
}

TEST(WorkerPool, ExecutesWhatWaitsWhenItClosesAndRefusesTheRest) {
  Calls calls;
  Gate gate;
  WorkerPool pool(calls.test.clock, {.workers = 2});
  const auto version =
      Served(pool, Int64Version(TimesTen([&gate](const auto&) { gate.Pass(); }), 1));
  for (int64_t i = 0; i < 10; ++i) {
    calls.Start(pool, Int64Job(version, {i}, calls.In(seconds(1))));
  }
  gate.OpenForGood();
  pool.Close();
  auto& refused = calls.Start(pool, Int64Job(version, {99}, calls.In(seconds(1))));
  ASSERT_TRUE(refused.done());
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kUnavailable);
  calls.Finish();
  EXPECT_EQ(pool.Status().counts.ok, 10);
  pool.Close();  // Harmless.
}

TEST(WorkerPool, RunsABodyOnceOnEveryWorkerAndWaitsForAll) {
  ManualClock clock;
  WorkerPool pool(clock, {.workers = 4});
  std::mutex mutex;
  std::multiset<int> workers;
  std::set<std::thread::id> threads;
  for (int round = 0; round < 3; ++round) {
    EXPECT_TRUE(pool.RunOnEveryWorker([&](int worker) {
                      const std::lock_guard lock(mutex);
                      workers.insert(worker);
                      threads.insert(std::this_thread::get_id());
                    })
                    .ok());
    EXPECT_EQ(workers.size(), 4u * static_cast<size_t>(round + 1));
  }
  EXPECT_EQ(threads.size(), 4u);
  for (int worker = 0; worker < 4; ++worker) EXPECT_EQ(workers.count(worker), 3u);
}

TEST(WorkerPool, RunsNoBodyOnceClosed) {
  ManualClock clock;
  WorkerPool pool(clock, {.workers = 2});
  pool.Close();
  EXPECT_EQ(pool.RunOnEveryWorker([](int) { FAIL(); }).code(), absl::StatusCode::kUnavailable);
}

TEST(WorkerPool, ShowsWhatWaits) {
  Calls calls;
  Gate gate;
  WorkerPool pool(calls.test.clock, {.workers = 1});
  const auto version =
      Served(pool, Int64Version(TimesTen([&gate](const auto&) { gate.Pass(); }), 8, "shown"));
  Teach(*version, microseconds(50));
  calls.Start(pool, Int64Job(version, {0}, calls.In(seconds(1))));
  gate.WaitForArrivals(1);
  calls.Start(pool, Int64Job(version, {1, 2}, calls.In(seconds(1))));
  const PoolStatus status = pool.Status();
  EXPECT_EQ(status.workers, 1);
  EXPECT_EQ(status.awake, 1);
  EXPECT_EQ(status.counts.accepted, 2);
  ASSERT_EQ(status.queues.size(), 1u);
  EXPECT_EQ(status.queues[0].model, "shown");
  EXPECT_EQ(status.queues[0].version, 1);
  EXPECT_EQ(status.queues[0].jobs, 1);
  EXPECT_EQ(status.queues[0].rows, 2);
  EXPECT_GT(status.queues[0].backlog, Duration::zero());
  gate.OpenForGood();
  calls.Finish();
  pool.Close();
  EXPECT_TRUE(pool.Status().queues.empty());
  EXPECT_EQ(pool.Status().counts.rows, 3);
  EXPECT_EQ(pool.Status().counts.executions, 2);
}

TEST(WorkerPool, ShowsForHowLongTheLongestExecutionHasBeenGoing) {
  Calls calls;
  Gate gate;
  WorkerPool pool(calls.test.clock, {.workers = 2});
  const auto version =
      Served(pool, Int64Version(TimesTen([&gate](const auto&) { gate.Pass(); }), 1));
  Teach(*version, milliseconds(50));
  EXPECT_EQ(pool.Status().longest_execution, Duration::zero());
  calls.Start(pool, Int64Job(version, {0}, calls.In(seconds(100))));
  gate.WaitForArrivals(1);
  calls.test.clock.Advance(seconds(70));
  calls.Start(pool, Int64Job(version, {1}, calls.In(seconds(100))));
  gate.WaitForArrivals(2);
  calls.test.clock.Advance(seconds(2));
  EXPECT_EQ(pool.Status().longest_execution, seconds(72));
  EXPECT_EQ(pool.LongestExecution(calls.test.clock.Now()), seconds(72));
  gate.OpenForGood();
  calls.Finish();
  pool.Close();
  EXPECT_EQ(pool.Status().longest_execution, Duration::zero());
}

TEST(WorkerPool, LearnsWhatAVersionCosts) {
  Calls calls;
  WorkerPool pool(calls.test.clock, {});
  const auto version = Served(
      pool,
      Int64Version(TimesTen([&](const auto&) { calls.test.clock.Advance(milliseconds(2)); })));
  calls.Start(pool, Int64Job(version, {0}, calls.In(seconds(1))));
  calls.Finish();
  pool.Close();
  EXPECT_EQ(version->queue->cost().EstimateCost(1), milliseconds(2));
}

TEST(WorkerPool, FreesAVersionThatIsNoLongerServedAfterItsLastCall) {
  Calls calls;
  Gate gate;
  WorkerPool pool(calls.test.clock, {});
  auto version = Served(pool, Int64Version(TimesTen([&gate](const auto&) { gate.Pass(); }), 1));
  const std::weak_ptr<ModelVersion> watch = version;
  calls.Start(pool, Int64Job(version, {0}, calls.In(seconds(1))));
  gate.WaitForArrivals(1);
  auto& leaver = calls.Start(pool, Int64Job(version, {1}, calls.In(seconds(1))));
  leaver.stop.request_stop();
  version.reset();
  gate.OpenForGood();
  calls.Finish();
  calls.calls().clear();
  pool.Close();
  EXPECT_TRUE(watch.expired());
}

TEST(Compute, DoesNotSubmitForACallThatHasEnded) {
  Calls calls;
  WorkerPool pool(calls.test.clock, {});
  const auto version = Served(pool, Int64Version(TimesTen()));
  auto& late = calls.Start(pool, Int64Job(version, {1}, calls.test.clock.Now()));
  ASSERT_TRUE(late.done());
  EXPECT_EQ(late.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(pool.Status().counts.accepted, 0);
}

}  // namespace
}  // namespace tournant
