#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "inference/busy_worker.h"
#include "inference/gate.h"
#include "inference/served.h"
#include "inference/test_jobs.h"
#include "inference/worker_pool.h"

// Which jobs a pool executes together, in which order and on how many workers.

namespace tournant {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

using WorkerPoolBatching = BusyWorkerTest;

TEST_F(WorkerPoolBatching, ExecutesTogetherWhatCameWhileItWasBusy) {
  Serve(8);
  for (int64_t i = 1; i <= 5; ++i) Start(i);
  Finish();
  EXPECT_EQ(log_.batches(), (std::vector<std::vector<int64_t>>{{0}, {1, 2, 3, 4, 5}}));
  int64_t value = 0;
  for (const auto& call : calls_.calls()) {
    EXPECT_EQ(Int64Values(call.job->outputs[0]), std::vector<int64_t>{10 * value++});
  }
  EXPECT_EQ(calls_.calls().back().job->batch_rows, 5);
}

TEST_F(WorkerPoolBatching, NeverExceedsTheLargestBatch) {
  Serve(/*max_batch_size=*/4);
  for (int64_t i = 1; i <= 6; ++i) Start(i);
  Finish();
  EXPECT_EQ(log_.batches(), (std::vector<std::vector<int64_t>>{{0}, {1, 2, 3, 4}, {5, 6}}));
}

TEST(WorkerPoolScheduling, ExecutesModelsWithoutBatchDimensionOneByOne) {
  Calls calls;
  Gate gate;
  BatchLog log;
  WorkerPool pool(calls.test.clock, {});
  const auto version = Served(pool, Int64Version(log.Model(&gate), /*max_batch_size=*/0));
  for (int64_t i = 0; i < 3; ++i) {
    auto job = Int64Job(version, {i, i}, calls.In(seconds(1)));
    job->inputs[0].shape = {2};
    job->rows = 1;
    calls.Start(pool, std::move(job));
  }
  gate.OpenForGood();
  calls.Finish();
  EXPECT_EQ(log.batches(), (std::vector<std::vector<int64_t>>{{0, 0}, {1, 1}, {2, 2}}));
  EXPECT_EQ(calls.calls().front().job->outputs[0].shape, Shape{2});
}

TEST(WorkerPoolScheduling, GivesABurstToTwoWorkersWhenItIsWorthTheWakeUp) {
  Calls calls;
  Gate gate;
  BatchLog log;
  WorkerPool pool(
      calls.test.clock,
      {.workers = 2, .wake_threshold = microseconds(100), .guard_period = std::chrono::hours(1)});
  const auto version = Served(pool, Int64Version(log.Model(&gate)));
  Teach(*version, milliseconds(10));
  calls.Start(pool, Int64Job(version, {0}, calls.In(seconds(1))));
  gate.WaitForArrivals(1);
  calls.Start(pool, Int64Job(version, {1}, calls.In(seconds(1))));
  gate.WaitForArrivals(2);  // Hangs if the second worker sleeps on.
  gate.OpenForGood();
  calls.Finish();
  EXPECT_EQ(log.batches().size(), 2u);
}

TEST(WorkerPoolScheduling, LeavesSmallWorkToTheWorkerThatIsAwake) {
  Calls calls;
  Gate gate;
  BatchLog log;
  WorkerPool pool(calls.test.clock, {.workers = 2, .wake_threshold = microseconds(100)});
  const auto version = Served(pool, Int64Version(log.Model(&gate)));
  Teach(*version, microseconds(10));
  while (pool.Status().awake > 0) std::this_thread::yield();
  calls.Start(pool, Int64Job(version, {0}, calls.In(seconds(1))));
  gate.WaitForArrivals(1);
  for (int64_t i = 1; i <= 4; ++i) {
    calls.Start(pool, Int64Job(version, {i}, calls.In(seconds(1))));
  }
  EXPECT_EQ(pool.Status().awake, 1);
  gate.OpenForGood();
  calls.Finish();
  EXPECT_EQ(log.batches(), (std::vector<std::vector<int64_t>>{{0}, {1, 2, 3, 4}}));
}

// A worker executes `slow_`, which should take 10 us; the other one sleeps.
class WorkerPoolOverdue : public ::testing::Test {
 protected:
  void StartPool(microseconds guard_period) {
    pool_.emplace(calls_.test.clock, WorkerPool::Options{.workers = 2,
                                                         .wake_threshold = microseconds(100),
                                                         .guard_period = guard_period});
    slow_ =
        Served(*pool_, Int64Version(TimesTen([this](const auto&) { gate_.Pass(); }), 8, "slow"));
    small_ = Served(*pool_, Int64Version(TimesTen(), 8, "small"));
    Teach(*slow_, microseconds(10));
    Teach(*small_, microseconds(10));
    while (pool_->Status().awake > 0) std::this_thread::yield();
    calls_.Start(*pool_, Int64Job(slow_, {0}, calls_.In(seconds(1))));
    gate_.WaitForArrivals(1);
  }
  Calls::Call& StartSmall() {
    return calls_.Start(*pool_, Int64Job(small_, {1}, calls_.In(seconds(1))));
  }
  // Hangs if nobody executes it.
  void Finish(Calls::Call& small) {
    while (!small.done()) calls_.test.loop.WaitAndRun();
    EXPECT_TRUE(small.status().ok());
    gate_.OpenForGood();
    calls_.Finish();
  }

  Calls calls_;
  Gate gate_;
  std::optional<WorkerPool> pool_;
  std::shared_ptr<ModelVersion> slow_;
  std::shared_ptr<ModelVersion> small_;
};

TEST_F(WorkerPoolOverdue, WakesTheOtherForASmallCallBehindAWorkerThatIsOverdue) {
  StartPool(/*guard_period=*/std::chrono::hours(1));
  calls_.test.clock.Advance(milliseconds(1));
  Finish(StartSmall());
}

TEST_F(WorkerPoolOverdue, WakesTheOtherForACallBehindAWorkerThatProvesToBeSlow) {
  StartPool(/*guard_period=*/milliseconds(1));
  Calls::Call& small = StartSmall();
  EXPECT_EQ(pool_->Status().awake, 1);  // The first should be ready any moment,
  calls_.test.clock.Advance(milliseconds(1));
  Finish(small);  // but is not.
}

TEST(WorkerPoolScheduling, FindsOutThatAWorkerIsSlowForWhatItLeftWaiting) {
  Calls calls;
  Gate gate;
  BatchLog log;
  WorkerPool pool(calls.test.clock, {.workers = 2, .wake_threshold = microseconds(100)});
  const auto version = Served(pool, Int64Version(log.Model(&gate), 2));
  Teach(*version, microseconds(10));
  while (pool.Status().awake > 0) std::this_thread::yield();
  calls.Start(pool, Int64Job(version, {0}, calls.In(seconds(1))));
  gate.WaitForArrivals(1);
  for (int64_t i = 1; i <= 3; ++i) {
    calls.Start(pool, Int64Job(version, {i}, calls.In(seconds(1))));
  }
  gate.Open(1);
  gate.WaitForArrivals(2);  // With two of the three that waited.
  calls.test.clock.Advance(milliseconds(1));
  gate.WaitForArrivals(3);  // Hangs if the other worker sleeps on.
  gate.OpenForGood();
  calls.Finish();
  EXPECT_EQ(log.batches(), (std::vector<std::vector<int64_t>>{{0}, {1, 2}, {3}}));
}

TEST(WorkerPoolScheduling, ServesTheMostUrgentModelFirst) {
  Calls calls;
  Gate gate;
  BatchLog log;
  WorkerPool pool(calls.test.clock, {});
  const auto a = Served(pool, Int64Version(log.Model(&gate), 8, "a"));
  const auto b = Served(pool, Int64Version(log.Model(&gate), 8, "b"));
  calls.Start(pool, Int64Job(a, {0}, calls.In(seconds(9))));
  gate.WaitForArrivals(1);
  calls.Start(pool, Int64Job(a, {1}, calls.In(seconds(5))));
  calls.Start(pool, Int64Job(b, {2}, calls.In(seconds(4))));
  gate.OpenForGood();
  calls.Finish();
  EXPECT_EQ(log.batches(), (std::vector<std::vector<int64_t>>{{0}, {2}, {1}}));
}

TEST(WorkerPoolScheduling, DoesNotLetOneModelTakeMoreThanItsShare) {
  Calls calls;
  Gate gate;
  BatchLog log;
  WorkerPool pool(calls.test.clock, {.fairness_slack = milliseconds(5)});
  const auto greedy = Served(pool, Int64Version(log.Model(&gate), 1, "greedy"));
  const auto modest = Served(pool, Int64Version(log.Model(&gate), 1, "modest"));
  Teach(*greedy, milliseconds(10));
  Teach(*modest, milliseconds(10));
  calls.Start(pool, Int64Job(greedy, {0}, calls.In(seconds(1))));
  gate.WaitForArrivals(1);
  // All of the greedy one's calls are more urgent.
  for (int64_t i = 1; i <= 4; ++i) {
    calls.Start(pool, Int64Job(greedy, {i}, calls.In(seconds(1))));
  }
  calls.Start(pool, Int64Job(modest, {100}, calls.In(seconds(2))));
  gate.OpenForGood();
  calls.Finish();
  const auto batches = log.batches();
  ASSERT_EQ(batches.size(), 6u);
  EXPECT_EQ(batches[1], std::vector<int64_t>{100});
}

TEST(WorkerPoolScheduling, HonoursAQueueDelayUntilTheBatchIsFull) {
  Calls calls;
  BatchLog log;
  WorkerPool pool(calls.test.clock, {});
  auto unserved = Int64Version(log.Model(), 3);
  unserved->config.batching.max_queue_delay_us = 3'600'000'000;
  const auto version = Served(pool, unserved);
  for (int64_t i = 0; i < 3; ++i) {
    EXPECT_TRUE(log.batches().empty());
    calls.Start(pool, Int64Job(version, {i}, calls.In(seconds(10'000))));
  }
  calls.Finish();
  EXPECT_EQ(log.batches(), (std::vector<std::vector<int64_t>>{{0, 1, 2}}));
}

TEST(WorkerPoolScheduling, EndsAQueueDelayWhenTheOldestHasWaitedLongEnough) {
  Calls calls;
  BatchLog log;
  WorkerPool pool(calls.test.clock, {});
  auto unserved = Int64Version(log.Model(), 8);
  unserved->config.batching.max_queue_delay_us = 3'600'000'000;
  const auto delayed = Served(pool, unserved);
  const auto other = Served(pool, Int64Version(TimesTen(), 8, "other"));
  calls.Start(pool, Int64Job(delayed, {0}, calls.In(seconds(10'000))));
  calls.test.clock.Advance(seconds(3600));
  // Makes a worker look, whose own timer knows nothing of the manual clock.
  calls.Start(pool, Int64Job(other, {1}, calls.In(seconds(10'000))));
  calls.Finish();
  EXPECT_EQ(log.batches(), (std::vector<std::vector<int64_t>>{{0}}));
}

TEST(WorkerPoolScheduling, EndsAQueueDelayWhenItCloses) {
  Calls calls;
  BatchLog log;
  WorkerPool pool(calls.test.clock, {});
  auto unserved = Int64Version(log.Model(), 8);
  unserved->config.batching.max_queue_delay_us = 3'600'000'000;
  const auto version = Served(pool, unserved);
  calls.Start(pool, Int64Job(version, {0}, calls.In(seconds(10'000))));
  calls.Start(pool, Int64Job(version, {1}, calls.In(seconds(10'000))));
  pool.Close();
  calls.Finish();
  EXPECT_EQ(log.batches(), (std::vector<std::vector<int64_t>>{{0, 1}}));
}

}  // namespace
}  // namespace tournant
