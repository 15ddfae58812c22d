#include <gtest/gtest.h>

#include <atomic>
#include <vector>

#include "base/status.h"
#include "inference/busy_worker.h"
#include "inference/gate.h"
#include "inference/served.h"
#include "inference/test_jobs.h"
#include "inference/worker_pool.h"

// What a pool makes of a config's dynamic_batching and instance_group.

namespace tournant {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Batches = std::vector<std::vector<int64_t>>;

using WaitingCalls = BusyWorkerTest;

TEST_F(WaitingCalls, RefusesExactlyTheCallAfterTheLargestQueue) {
  Serve(1, [](ModelConfig& config) { config.batching.default_policy.max_queue_size = 3; });
  for (int64_t i = 1; i <= 3; ++i) EXPECT_FALSE(Start(i).done());
  auto& refused = Start(4);
  ASSERT_TRUE(refused.done());
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(refused.status().message().find("Exceeds maximum queue size: 3"), 0u)
      << refused.status();
  Finish();
}

// Calls that wait by a policy, which leave no timer behind.
class QueueTimeout : public BusyWorkerTest {
 protected:
  void Serve(QueuePolicy policy) {
    BusyWorkerTest::Serve(
        8, [&policy](ModelConfig& config) { config.batching.default_policy = policy; });
  }
  void Finish() {
    BusyWorkerTest::Finish();
    pool_.Close();
    EXPECT_EQ(calls_.test.loop.pending_timers(), 0u);
  }
};

TEST_F(QueueTimeout, AnswersARejectedCallAtItsTimeoutWhileTheWorkerIsBusy) {
  Serve({.default_timeout_us = 5000});
  auto& call = Start(1, seconds(10));
  calls_.test.loop.Advance(microseconds(4999));
  EXPECT_FALSE(call.done());
  calls_.test.loop.Advance(microseconds(1));
  ASSERT_TRUE(call.done());
  EXPECT_EQ(call.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(call.status().message().find("Request timeout expired"), 0u) << call.status();
  EXPECT_EQ(call.job->status, call.status());
  Finish();
  EXPECT_EQ(log_.batches(), (Batches{{0}}));
  EXPECT_EQ(pool_.Status().counts.unwanted, 1);
}

TEST_F(QueueTimeout, FreesThePlaceOfARejectedCall) {
  Serve({.default_timeout_us = 5000, .max_queue_size = 1});
  Start(1, seconds(10));
  EXPECT_TRUE(Start(2, seconds(10)).done());
  calls_.test.loop.Advance(milliseconds(5));
  auto& third = Start(3, seconds(10));
  EXPECT_FALSE(third.done());
  Finish();
  EXPECT_TRUE(third.status().ok());
}

TEST_F(QueueTimeout, LetsACallFinishThatIsBeingComputedAtItsTimeout) {
  Serve({.default_timeout_us = 5000});
  calls_.test.loop.Advance(milliseconds(50));
  EXPECT_FALSE(calls_.calls().front().done());
  Finish();
  EXPECT_TRUE(calls_.calls().front().status().ok());
}

TEST_F(QueueTimeout, RejectsByAWorkerWhatTimedOutBeforeItsTimerFired) {
  Serve({.default_timeout_us = 5000});
  auto& call = Start(1, seconds(10));
  calls_.test.clock.Advance(milliseconds(5));  // The loop, and so the timer, does not run.
  gate_.OpenForGood();
  pool_.Close();
  EXPECT_EQ(pool_.Status().counts.expired, 1);
  Finish();
  EXPECT_EQ(call.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(call.status().message().find("Request timeout expired"), 0u) << call.status();
  EXPECT_EQ(log_.batches(), (Batches{{0}}));
}

TEST_F(QueueTimeout, IsShortenedByTheRequestsTimeoutWhereAllowed) {
  Serve({.default_timeout_us = 5000, .allow_timeout_override = true});
  auto& patient = Start(1, seconds(10));
  // The timeout of a request bounds its deadline, too.
  auto hurried = Job(2, milliseconds(2));
  hurried->timeout = milliseconds(2);
  auto& hasty = Start(std::move(hurried));
  calls_.test.loop.Advance(milliseconds(2));
  ASSERT_TRUE(hasty.done());
  EXPECT_EQ(hasty.status().message().find("Request timeout expired"), 0u) << hasty.status();
  EXPECT_FALSE(patient.done());
  Finish();
}

TEST_F(QueueTimeout, EndsWithADeadlineThatIsEarlierInOtherWords) {
  Serve({.default_timeout_us = 5000});
  auto& call = Start(1, milliseconds(3));
  calls_.test.loop.Advance(milliseconds(3));
  ASSERT_TRUE(call.done());
  EXPECT_EQ(call.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(call.status().message(), "the deadline has passed");
  Finish();
}

TEST_F(QueueTimeout, ServesDelayedCallsAfterTheOthers) {
  Serve({.timeout_action = QueuePolicy::TimeoutAction::kDelay, .default_timeout_us = 5000});
  auto& delayed = Start(1, seconds(10));
  calls_.test.loop.Advance(milliseconds(5));
  EXPECT_FALSE(delayed.done());
  Start(2, seconds(20));
  Finish();
  EXPECT_TRUE(delayed.status().ok());
  EXPECT_EQ(log_.batches(), (Batches{{0}, {2, 1}}));
}

TEST_F(WaitingCalls, ServesUrgentLevelsFirst) {
  Serve(2, [](ModelConfig& config) {
    config.batching.priority_levels = 2;
    config.batching.default_priority_level = 2;
  });
  for (const auto& [value, priority] : {std::pair{1, 2}, {2, 0}, {3, 1}, {4, 1}}) {
    auto job = Job(value, seconds(value));
    job->priority = priority;
    Start(std::move(job));
  }
  Finish();
  EXPECT_EQ(log_.batches(), (Batches{{0}, {3, 4}, {1, 2}}));
}

TEST_F(WaitingCalls, FormsTheLargestPreferredSizeOfWhatWaits) {
  Serve(8, [](ModelConfig& config) { config.batching.preferred_batch_sizes = {2, 4}; });
  for (int64_t i = 1; i <= 7; ++i) Start(i);
  Finish();
  EXPECT_EQ(log_.batches(), (Batches{{0}, {1, 2, 3, 4}, {5, 6}, {7}}));
}

TEST(WorkerPoolPolicy, SendsAPreferredSizeWithoutWaitingForTheDelay) {
  Calls calls;
  BatchLog log;
  WorkerPool pool(calls.test.clock, {});
  auto unserved = Int64Version(log.Model(), 8);
  unserved->config.batching.max_queue_delay_us = 3'600'000'000;
  unserved->config.batching.preferred_batch_sizes = {2};
  const auto version = Served(pool, unserved);
  for (int64_t i = 0; i < 2; ++i) {
    EXPECT_TRUE(log.batches().empty());
    calls.Start(pool, Int64Job(version, {i}, calls.In(seconds(10'000))));
  }
  calls.Finish();
  EXPECT_EQ(log.batches(), (Batches{{0, 1}}));
}

TEST(WorkerPoolPolicy, NeverExecutesAModelMoreOftenAtOnceThanItsConfigSays) {
  Calls calls;
  Gate gate;
  Gate other_gate;
  WorkerPool pool(calls.test.clock, {.workers = 3, .wake_threshold = microseconds(0)});
  std::atomic<int> running{0};
  std::atomic<int> most{0};
  auto unserved = Int64Version(TimesTen([&](const auto&) {
                                 const int now = ++running;
                                 int seen = most;
                                 while (seen < now && !most.compare_exchange_weak(seen, now)) {
                                 }
                                 gate.Pass();
                                 --running;
                               }),
                               1);
  unserved->config.max_concurrency = 2;
  const auto limited = Served(pool, unserved);
  const auto other =
      Served(pool, Int64Version(TimesTen([&](const auto&) { other_gate.Pass(); }), 1, "other"));
  Teach(*limited, milliseconds(10));
  Teach(*other, milliseconds(10));
  for (int64_t i = 0; i < 5; ++i) {
    calls.Start(pool, Int64Job(limited, {i}, calls.In(seconds(1))));
  }
  gate.WaitForArrivals(2);
  // The third worker is there for others although the limited model has work waiting.
  auto& neighbour = calls.Start(pool, Int64Job(other, {0}, calls.In(seconds(2))));
  other_gate.WaitForArrivals(1);
  other_gate.OpenForGood();
  while (!neighbour.done()) calls.test.loop.WaitAndRun();
  EXPECT_EQ(gate.arrived(), 2);
  gate.OpenForGood();
  calls.Finish();
  pool.Close();
  EXPECT_EQ(most, 2);
  EXPECT_EQ(pool.Status().counts.ok, 6);
}

TEST(WorkerPoolPolicy, TellsTheTimeThatAModelsOwnBoundGivesIt) {
  Calls calls;
  Gate gate;
  WorkerPool pool(calls.test.clock, {.workers = 4, .max_queue_jobs = 2});
  auto unserved = Int64Version(TimesTen([&gate](const auto&) { gate.Pass(); }), 1);
  unserved->config.max_concurrency = 1;
  const auto version = Served(pool, unserved);
  Teach(*version, milliseconds(100));
  calls.Start(pool, Int64Job(version, {0}, calls.In(seconds(9))));
  gate.WaitForArrivals(1);
  for (int64_t i = 1; i <= 2; ++i) {
    calls.Start(pool, Int64Job(version, {i}, calls.In(seconds(9))));
  }
  auto& refused = calls.Start(pool, Int64Job(version, {3}, calls.In(seconds(9))));
  ASSERT_TRUE(OverloadOf(refused.status()).has_value());
  EXPECT_GE(OverloadOf(refused.status())->retry_after, milliseconds(190));
  gate.OpenForGood();
  calls.Finish();
}

TEST(WorkerPoolPolicy, WakesNobodyForAModelThatMayNotBeExecutedMoreOften) {
  Calls calls;
  Gate gate;
  WorkerPool pool(calls.test.clock, {.workers = 2, .wake_threshold = microseconds(0)});
  auto unserved = Int64Version(TimesTen([&](const auto&) { gate.Pass(); }), 1);
  unserved->config.max_concurrency = 1;
  const auto version = Served(pool, unserved);
  Teach(*version, milliseconds(10));
  while (pool.Status().awake > 0) std::this_thread::yield();
  calls.Start(pool, Int64Job(version, {0}, calls.In(seconds(1))));
  gate.WaitForArrivals(1);
  for (int64_t i = 1; i < 5; ++i) {
    calls.Start(pool, Int64Job(version, {i}, calls.In(seconds(1))));
  }
  EXPECT_EQ(pool.Status().awake, 1);
  EXPECT_EQ(pool.Status().queues.size(), 1u);  // Shown all the same.
  gate.OpenForGood();
  calls.Finish();
}

TEST(WorkerPoolPolicy, ExecutesAllOfALimitedModelWhenItCloses) {
  Calls calls;
  Gate gate;
  WorkerPool pool(calls.test.clock, {.workers = 4, .wake_threshold = microseconds(0)});
  auto unserved = Int64Version(TimesTen([&](const auto&) { gate.Pass(); }), 1);
  unserved->config.max_concurrency = 1;
  const auto version = Served(pool, unserved);
  for (int64_t i = 0; i < 20; ++i) {
    calls.Start(pool, Int64Job(version, {i}, calls.In(seconds(1))));
  }
  gate.OpenForGood();
  pool.Close();
  calls.Finish();
  EXPECT_EQ(pool.Status().counts.ok, 20);
}

// Two workers whose answers keep the order of arrival. The call of value 0, which comes first, is
// held for itself, so that others overtake it.
class AnswersInOrder : public testing::Test {
 protected:
  AnswersInOrder() {
    auto unserved = Int64Version(TimesTen([this](const std::vector<int64_t>& values) {
                                   (values[0] == 0 ? first_gate_ : others_gate_).Pass();
                                 }),
                                 1);
    unserved->config.batching.preserve_ordering = true;
    version_ = Served(pool_, unserved);
    Teach(*version_, milliseconds(10));
  }
  Calls::Call& Start(int64_t value, Duration deadline) {
    return calls_.Start(pool_, Int64Job(version_, {value}, calls_.In(deadline)));
  }

  Calls calls_;
  Gate first_gate_;
  Gate others_gate_;
  WorkerPool pool_{calls_.test.clock, {.workers = 2, .wake_threshold = microseconds(0)}};
  std::shared_ptr<ModelVersion> version_;
};

TEST_F(AnswersInOrder, OfArrivalWhileSeveralWorkersCompute) {
  auto& slow = Start(0, seconds(5));
  first_gate_.WaitForArrivals(1);
  auto& fast = Start(1, seconds(1));
  auto& last = Start(2, seconds(2));
  others_gate_.WaitForArrivals(1);
  others_gate_.Open(1);
  others_gate_.WaitForArrivals(2);  // The answer of `fast` is held back by now.
  others_gate_.OpenForGood();
  EXPECT_EQ(calls_.test.loop.RunUntilIdle(), 0u);
  EXPECT_FALSE(fast.done());
  first_gate_.OpenForGood();
  calls_.Finish();
  EXPECT_TRUE(slow.status().ok());
  EXPECT_TRUE(fast.status().ok());
  EXPECT_TRUE(last.status().ok());
  pool_.Close();
  EXPECT_EQ(version_->queue->statistics().Read().success.count, 3);
  EXPECT_EQ(version_->queue->statistics().Read().executions, 3);
}

TEST_F(AnswersInOrder, LetACallEndWhoseAnswerIsHeldBack) {
  Start(0, seconds(5));
  first_gate_.WaitForArrivals(1);
  auto& held = Start(1, seconds(1));
  Start(2, seconds(5));
  others_gate_.Open(1);
  others_gate_.WaitForArrivals(2);
  calls_.test.loop.Advance(seconds(1));
  ASSERT_TRUE(held.done());
  EXPECT_EQ(held.status().code(), absl::StatusCode::kDeadlineExceeded);
  others_gate_.OpenForGood();
  first_gate_.OpenForGood();
  calls_.Finish();
  pool_.Close();
  EXPECT_EQ(pool_.Status().counts.unwanted, 1);
  EXPECT_EQ(pool_.Status().counts.ok, 2);
}

}  // namespace
}  // namespace tournant
