#include "inference/version_statistics.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "inference/gate.h"
#include "inference/served.h"
#include "inference/test_jobs.h"
#include "inference/worker_pool.h"

namespace tournant {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A pool whose clock moves by three milliseconds with each execution, and a version of its own.
class Counted : public testing::Test {
 protected:
  Counted() {
    version_ = Served(pool_, Int64Version(TimesTen([this](const std::vector<int64_t>& values) {
                        gate_.Pass();
                        calls_.test.clock.Advance(milliseconds(3));
                        for (const int64_t value : values) {
                          if (value < 0) throw std::runtime_error("negative");
                        }
                      })));
  }
  Calls::Call& Start(std::vector<int64_t> values) {
    return calls_.Start(pool_, Int64Job(version_, std::move(values), calls_.In(seconds(1))));
  }
  VersionStatistics::Totals Totals() { return version_->queue->statistics().Read(); }

  Calls calls_;
  Gate gate_;
  WorkerPool pool_{calls_.test.clock, {}};
  std::shared_ptr<ModelVersion> version_;
};

TEST_F(Counted, CountsNothingBeforeTheFirstCall) {
  const VersionStatistics::Totals totals = Totals();
  EXPECT_EQ(totals.last_inference, WallTime());
  EXPECT_EQ(totals.rows, 0);
  EXPECT_EQ(totals.executions, 0);
  EXPECT_EQ(totals.success.count, 0);
  EXPECT_TRUE(totals.batches.empty());
}

TEST_F(Counted, HasCountedACallWhenItIsAnswered) {
  gate_.OpenForGood();
  for (int i = 1; i <= 200; ++i) {
    auto& call = Start({1, 2});
    while (!call.done()) calls_.test.loop.WaitAndRun();
    ASSERT_EQ(Totals().success.count, i);
    ASSERT_EQ(Totals().rows, 2 * i);
    ASSERT_EQ(Totals().executions, i);
  }
}

TEST_F(Counted, LeavesACallThatCountsItselfToIt) {
  gate_.OpenForGood();
  auto job = Int64Job(version_, {1, 2}, calls_.In(seconds(1)));
  job->counted_by_call = true;
  calls_.Start(pool_, job);
  calls_.Finish();
  EXPECT_EQ(Totals().executions, 1);
  EXPECT_EQ(Totals().success.count, 0);
  EXPECT_EQ(Totals().rows, 0);
  EXPECT_EQ(job->times.infer, milliseconds(3)) << "what it needs for that";
}

TEST_F(Counted, KnowsWhichCallsAreBeingComputed) {
  EXPECT_EQ(pool_.Status().executing, 0);
  const auto first = Int64Job(version_, {0, 0}, calls_.In(seconds(1)));
  const auto second = Int64Job(version_, {1}, calls_.In(seconds(1)));
  calls_.test.clock.Advance(milliseconds(1));
  calls_.Start(pool_, first);
  gate_.WaitForArrivals(1);
  calls_.Start(pool_, second);
  EXPECT_EQ(pool_.Status().executing, 1);
  EXPECT_NE(first->executing_since.load(), TimePoint());
  EXPECT_EQ(second->executing_since.load(), TimePoint());
  gate_.OpenForGood();
  calls_.Finish();
  EXPECT_NE(second->executing_since.load(), TimePoint());
}

TEST_F(Counted, AddsUpTheTimesOfEachCallAndOfEachExecution) {
  Start({0, 0});
  gate_.WaitForArrivals(1);
  Start({1});
  calls_.test.clock.Advance(milliseconds(10));
  Start({2});
  gate_.OpenForGood();
  calls_.Finish();
  // The first: 13 ms, all in the model. Then two together: 3 ms, after 13 and 3 ms in the queue.
  const VersionStatistics::Totals totals = Totals();
  EXPECT_EQ(totals.rows, 4);
  EXPECT_EQ(totals.executions, 2);
  EXPECT_EQ(totals.success.count, 3);
  EXPECT_EQ(totals.computed, 3);
  EXPECT_EQ(totals.queued, milliseconds(13 + 3));
  EXPECT_EQ(totals.compute.input, Duration::zero());
  EXPECT_EQ(totals.compute.infer, milliseconds(13 + 2 * 3));
  EXPECT_EQ(totals.compute.output, Duration::zero());
  EXPECT_EQ(totals.success.time, milliseconds(13 + 16 + 6));
  EXPECT_EQ(totals.fail.count, 0);
  ASSERT_EQ(totals.batches.size(), 1u);  // Both of two rows.
  EXPECT_EQ(totals.batches.at(2).executions, 2);
  EXPECT_EQ(totals.batches.at(2).times.infer, milliseconds(13 + 3));
  EXPECT_EQ(totals.last_inference, calls_.test.clock.WallNow());
}

TEST_F(Counted, CountsACallFromItsArrivalOn) {
  gate_.OpenForGood();
  auto job = Int64Job(version_, {1}, calls_.In(seconds(1)));
  job->accepted = calls_.test.clock.Now() - milliseconds(7);
  calls_.Start(pool_, std::move(job));
  calls_.Finish();
  EXPECT_EQ(Totals().success.time, milliseconds(7 + 3));
  EXPECT_EQ(Totals().queued, Duration::zero());
}

TEST_F(Counted, CountsOnlyExecutionsAndCallsThatGaveResults) {
  Start({0});
  gate_.WaitForArrivals(1);
  Start({1});
  Start({-1});
  gate_.OpenForGood();
  calls_.Finish();
  const VersionStatistics::Totals totals = Totals();
  EXPECT_EQ(totals.success.count, 2);
  EXPECT_EQ(totals.rows, 2);
  EXPECT_EQ(totals.executions, 2);
  EXPECT_EQ(totals.batches.at(1).executions, 2);
  EXPECT_FALSE(totals.batches.contains(2));
}

TEST_F(Counted, NotesWhenAModelFailedLast) {
  gate_.OpenForGood();
  Start({-1});
  calls_.Finish();
  EXPECT_EQ(Totals().last_inference, calls_.test.clock.WallNow());
  EXPECT_EQ(Totals().executions, 0);
}

TEST_F(Counted, DoesNotCountTheResultOfACallThatHasLeft) {
  auto& call = Start({1});
  gate_.WaitForArrivals(1);
  call.stop.request_stop();
  gate_.OpenForGood();
  pool_.Close();
  calls_.Finish();
  EXPECT_EQ(Totals().success.count, 0);
  EXPECT_EQ(Totals().rows, 0);
  EXPECT_EQ(Totals().executions, 1);
}

}  // namespace
}  // namespace tournant
