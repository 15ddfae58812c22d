#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <memory>
#include <thread>
#include <vector>

#include "base/rng.h"
#include "fakes/live_count.h"
#include "inference/compute.h"
#include "inference/gate.h"
#include "inference/test_jobs.h"

namespace tournant {
namespace {

// The calls of one event-loop thread, on a clock that the test moves.
class StormLoop {
 public:
  StormLoop(ManualClock& clock, std::atomic<int>& started, WorkerPool& pool, ModelHandle version,
            uint64_t seed)
      : clock_(clock), started_(started), pool_(pool), version_(std::move(version)), rng_(seed) {}

  void Run(int calls) {
    for (int i = 0; i < calls; ++i) {
      Start(static_cast<int64_t>(i));
      if (rng_.Next() % 3 == 0) Cancel();
      if (rng_.Next() % 4 == 0) loop_.RunUntilIdle();
      // Time stands still meanwhile, so that on a busy machine, too, workers get some in time.
      if (i % 50 == 49) Finish();
    }
    Finish();
    loop_.RunUntilIdle();
  }

  int64_t ended(absl::StatusCode code) const { return ended_[static_cast<size_t>(code)]; }
  size_t pending_timers() const { return loop_.pending_timers(); }

 private:
  struct Call {
    std::stop_source stop;
    bool done = false;
  };

  void Finish() {
    while (finished_ < calls_.size()) {
      while (!calls_[finished_].done) loop_.WaitAndRun();
      ++finished_;
    }
  }
  void Start(int64_t value) {
    ++started_;
    Call& call = calls_.emplace_back();
    // The first one waits and does not leave: something is executed however slow the workers are.
    const bool patient = value == 0;
    const Duration in = patient ? Duration(std::chrono::hours(1))
                                : Duration(std::chrono::microseconds(rng_.Next() % 3000));
    auto job = Int64Job(version_, {value}, clock_.Now() + in);
    // Where there are levels; the first one is on the last, from which no policy rejects it.
    job->priority = patient ? 3 : static_cast<int64_t>(rng_.Next() % 4);
    if (rng_.Next() % 4 == 0) job->timeout = std::chrono::microseconds(rng_.Next() % 300);
    Serve(call, std::move(job), patient ? std::stop_token() : call.stop.get_token());
  }
  Detached Serve(Call& call, std::shared_ptr<InferenceJob> job, std::stop_token stop) {
    const LiveCount frame;
    const CallContext context{loop_, clock_, job->deadline, std::move(stop), phase_};
    const absl::Status status = co_await Compute(context, pool_, job);
    if (status.ok()) {
      const int64_t value = Int64Values(job->inputs[0])[0];
      EXPECT_EQ(Int64Values(job->outputs[0])[0], 10 * value);
      if (version_->config.batching.preserve_ordering) {
        EXPECT_GT(value, last_value_);
        last_value_ = value;
      }
    }
    ++ended_[static_cast<size_t>(status.code())];
    call.done = true;
  }
  void Cancel() {
    if (rng_.Next() % 2 == 0) {
      calls_.back().stop.request_stop();
    } else {
      calls_[rng_.Next() % calls_.size()].stop.request_stop();
    }
  }

  ManualClock& clock_;
  std::atomic<int>& started_;
  WorkerPool& pool_;
  const ModelHandle version_;
  SeededRng rng_;
  ManualLoop loop_{clock_};
  CallPhase phase_{clock_, nullptr};
  std::deque<Call> calls_;  // Stay where they are.
  int64_t last_value_ = -1;
  size_t finished_ = 0;  // All before this one have ended.
  int64_t ended_[32] = {};
};

void Storm(bool close_in_the_middle, const std::function<void(ModelConfig&)>& configure = {}) {
  constexpr int kLoops = 3;
  constexpr int kCalls = 1500;
  ManualClock clock;
  WorkerPool pool(
      clock, {.workers = 3, .max_queue_jobs = 100, .wake_threshold = std::chrono::microseconds(0)});
  std::atomic<int> started{0};
  std::atomic<int64_t> executions{0};
  std::atomic<int64_t> running{0};
  int64_t limit = 3;
  const auto version = Int64Version(TimesTen([&](const auto&) {
    EXPECT_LE(++running, limit);
    ++executions;
    --running;
  }));
  if (configure) configure(version->config);
  if (version->config.max_concurrency > 0) limit = version->config.max_concurrency;
  version->queue = pool.MakeQueue(version->config, 1);
  {
    std::vector<std::unique_ptr<StormLoop>> loops;
    for (uint64_t i = 0; i < kLoops; ++i) {
      loops.push_back(std::make_unique<StormLoop>(clock, started, pool, version, i + 1));
    }
    // Time goes on with the calls, so that fast and slow machines see the same storm.
    std::thread mover([&] {
      for (int seen = 0; seen < kLoops * kCalls;) {
        if (seen == started) {
          std::this_thread::yield();
          continue;
        }
        clock.Advance(std::chrono::microseconds(10));
        ++seen;
      }
    });
    std::vector<std::thread> threads;
    for (auto& loop : loops) {
      threads.emplace_back([&loop] { loop->Run(kCalls); });
    }
    if (close_in_the_middle) {
      while (started < kLoops * kCalls / 2) std::this_thread::yield();
      pool.Close();
    }
    for (std::thread& thread : threads) thread.join();
    mover.join();
    pool.Close();

    int64_t ok = 0;
    int64_t all = 0;
    int64_t rejected = 0;
    for (const auto& loop : loops) {
      ok += loop->ended(absl::StatusCode::kOk);
      rejected += loop->ended(absl::StatusCode::kResourceExhausted);
      for (int code = 0; code <= 16; ++code)
        all += loop->ended(static_cast<absl::StatusCode>(code));
      EXPECT_EQ(loop->ended(absl::StatusCode::kInternal), 0);
      EXPECT_EQ(loop->pending_timers(), 0u);
    }
    EXPECT_EQ(all, kLoops * kCalls);
    const PoolCounts counts = pool.Status().counts;
    EXPECT_EQ(counts.ok, ok);
    EXPECT_EQ(counts.rejected, rejected);
    EXPECT_EQ(counts.accepted, counts.ok + counts.expired + counts.shed + counts.unwanted);
    EXPECT_GT(executions, 0);
    const VersionStatistics::Totals totals = version->queue->statistics().Read();
    EXPECT_EQ(totals.success.count, ok);
    EXPECT_EQ(totals.executions, counts.executions);
    EXPECT_EQ(version->queue->running, 0);
  }
  EXPECT_EQ(LiveCount::alive(), 0);
  EXPECT_EQ(version.use_count(), 1);
}

TEST(PoolStorm, AnswersEveryCallOnceUnderCancelsAndTightDeadlines) { Storm(false); }

TEST(PoolStorm, AnswersEveryCallOnceWithADrainInTheMiddle) { Storm(true); }

TEST(PoolStorm, LosesNoWakeUpOfAModelThatOnlyOneWorkerMayExecute) {
  Storm(false, [](ModelConfig& config) { config.max_concurrency = 1; });
}

TEST(PoolStorm, DrainsAModelThatTwoOfThreeWorkersMayExecute) {
  Storm(true, [](ModelConfig& config) { config.max_concurrency = 2; });
}

TEST(PoolStorm, KeepsTheOrderOfAnswersUnderCancelsAndTightDeadlines) {
  Storm(false, [](ModelConfig& config) { config.batching.preserve_ordering = true; });
}

TEST(PoolStorm, AnswersEveryCallOnceUnderQueuePoliciesOfSeveralLevels) {
  Storm(false, [](ModelConfig& config) {
    config.max_concurrency = 2;
    Batching& batching = config.batching;
    batching.preferred_batch_sizes = {2, 4};
    batching.priority_levels = 3;
    batching.default_priority_level = 2;
    batching.default_policy.default_timeout_us = 400;
    batching.default_policy.allow_timeout_override = true;
    batching.default_policy.max_queue_size = 20;
    batching.priority_policies[3] = {.timeout_action = QueuePolicy::TimeoutAction::kDelay,
                                     .default_timeout_us = 200};
  });
}

// A handoff that the worker, the timer and the caller's leaving fight for.
TEST(Handoff, IsClaimedByExactlyOneOfManyThreads) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 2000;
  std::vector<InferenceJob> jobs(kRounds);
  std::atomic<int> wins{0};
  Gate start;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      start.Pass();
      for (InferenceJob& job : jobs) wins += job.Claim() ? 1 : 0;
    });
  }
  start.WaitForArrivals(kThreads);
  start.Open(kThreads);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wins, kRounds);
}

}  // namespace
}  // namespace tournant
