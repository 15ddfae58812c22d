#include "inference/model_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <vector>

#include "base/rng.h"
#include "inference/queue_jobs.h"
#include "inference/test_jobs.h"

namespace tournant {
namespace {

using std::chrono::seconds;

bool Push(ModelQueue& queue, std::shared_ptr<InferenceJob> job, std::string key = "") {
  std::shared_ptr<InferenceJob> evicted;
  return queue.Push(job, std::move(key), evicted);
}

TEST(ModelQueue, ServesTheEarliestDeadlineFirst) {
  ModelQueue queue(BatchConfig(), 1, {});
  const auto late = JobAt(30);
  const auto early = JobAt(10);
  const auto middle = JobAt(20);
  for (const auto& job : {late, early, middle}) EXPECT_TRUE(Push(queue, job));
  EXPECT_EQ(queue.Deadline(), early->deadline);
  EXPECT_EQ(Take(queue, 8).jobs, (std::vector{early, middle, late}));
  EXPECT_TRUE(queue.empty());
}

TEST(ModelQueue, ServesEqualDeadlinesInOrderOfArrival) {
  ModelQueue queue(BatchConfig(), 1, {});
  std::vector<std::shared_ptr<InferenceJob>> jobs;
  for (int i = 0; i < 20; ++i) {
    jobs.push_back(JobAt(10));
    Push(queue, jobs.back());
  }
  EXPECT_EQ(Take(queue, 20).jobs, jobs);
}

TEST(ModelQueue, AgreesWithASortedMapUnderRandomUse) {
  SeededRng rng(3);
  ModelQueue queue(BatchConfig(), 1, {});
  std::map<std::pair<TimePoint, int>, std::shared_ptr<InferenceJob>> expected;
  int arrivals = 0;
  for (int step = 0; step < 20'000; ++step) {
    const uint64_t choice = rng.Next() % 10;
    if (choice < 5 && expected.size() < 900) {
      const auto job = JobAt(1 + static_cast<int>(rng.Next() % 50));
      ASSERT_TRUE(Push(queue, job));
      expected[{job->deadline, arrivals++}] = job;
    } else if (choice < 8 && !expected.empty()) {
      auto any = std::next(expected.begin(), static_cast<int>(rng.Next() % expected.size()));
      ASSERT_EQ(queue.Remove(*any->second), any->second);
      ASSERT_EQ(queue.Remove(*any->second), nullptr);
      expected.erase(any);
    } else if (!expected.empty()) {
      const TakenBatch batch = Take(queue, 1);
      ASSERT_EQ(batch.jobs.size(), 1u);
      ASSERT_EQ(batch.jobs[0], expected.begin()->second);
      expected.erase(expected.begin());
    }
    ASSERT_EQ(queue.jobs(), static_cast<int64_t>(expected.size()));
    ASSERT_EQ(queue.rows(), queue.jobs());
  }
}

TEST(ModelQueue, IsFullAtItsLimitAndTakesAgainOnceThereIsRoom) {
  ModelQueue queue(BatchConfig(), 1, {.max_jobs = 2});
  const auto first = JobAt(1);
  EXPECT_TRUE(Push(queue, first));
  EXPECT_TRUE(Push(queue, JobAt(2)));
  auto refused = JobAt(3);
  std::shared_ptr<InferenceJob> evicted;
  EXPECT_FALSE(queue.Push(refused, "", evicted));
  EXPECT_NE(refused, nullptr);
  EXPECT_EQ(evicted, nullptr);
  queue.Remove(*first);
  EXPECT_TRUE(Push(queue, refused));
}

TEST(ModelQueue, ServesTheClassThatMattersMoreWhateverTheDeadlines) {
  ModelQueue queue(BatchConfig(), 1, {});
  std::vector<std::shared_ptr<InferenceJob>> jobs;
  for (size_t i = 0; i < kCriticalities; ++i) {
    jobs.push_back(JobAt(static_cast<int>(10 - i)));
    jobs.back()->urgency.criticality = kAllCriticalities[i];
  }
  for (const size_t i : {2, 0, 3, 1}) ASSERT_TRUE(Push(queue, jobs[i]));
  EXPECT_EQ(Take(queue, 8).jobs, jobs);
}

TEST(ModelQueue, ServesPeersWithinTheirShareBeforeTheOthersOfTheirClass) {
  ModelQueue queue(BatchConfig(), 1, {});
  const auto beyond = JobAt(1);
  beyond->urgency.beyond_share = true;
  const auto within = JobAt(9);
  const auto sheddable = JobAt(1);
  sheddable->urgency.criticality = Criticality::kSheddable;
  for (const auto& job : {sheddable, beyond, within}) ASSERT_TRUE(Push(queue, job));
  EXPECT_EQ(Take(queue, 8).jobs, (std::vector{within, beyond, sheddable}));
}

TEST(ModelQueue, AFullQueueMakesRoomForAClassThatMattersMore) {
  ModelQueue queue(BatchConfig(), 1, {.max_jobs = 3});
  const auto at = [](int deadline, Criticality criticality) {
    auto job = JobAt(deadline);
    job->urgency.criticality = criticality;
    return job;
  };
  const auto sheddable = at(1, Criticality::kSheddable);
  const auto later = at(2, Criticality::kSheddable);
  const auto critical = at(3, Criticality::kCritical);
  for (const auto& job : {sheddable, later, critical}) ASSERT_TRUE(Push(queue, job));
  std::shared_ptr<InferenceJob> evicted;
  auto equal = at(1, Criticality::kSheddable);
  EXPECT_FALSE(queue.Push(equal, "", evicted));
  auto first = at(9, Criticality::kCritical);
  EXPECT_TRUE(queue.Push(first, "", evicted));
  EXPECT_EQ(evicted, later);
  auto second = at(9, Criticality::kCriticalPlus);
  EXPECT_TRUE(queue.Push(second, "", evicted));
  EXPECT_EQ(evicted, sheddable);
  auto third = at(9, Criticality::kCritical);
  EXPECT_FALSE(queue.Push(third, "", evicted)) << "nothing matters less";
  EXPECT_EQ(queue.jobs(), 3);
}

// A second for an execution, and one for each row.
void LearnSeconds(CostModel& cost) {
  for (int i = 0; i < 20; ++i) {
    cost.Learn(1, seconds(2));
    cost.Learn(3, seconds(4));
  }
}

TEST(ModelQueue, LetsABatchGrowNoFurtherThanTheDeadlinesOfItsJobsAllow) {
  ModelQueue queue(BatchConfig(), 1, {});
  LearnSeconds(queue.cost());
  StandingQueue standing;
  std::vector<std::shared_ptr<InferenceJob>> jobs;
  for (int i = 0; i < 8; ++i) {
    jobs.push_back(JobAt(5 + i));
    ASSERT_TRUE(Push(queue, jobs.back()));
  }
  EXPECT_EQ(Take(queue, 8, kNow, &standing).jobs.size(), 4u) << "five would take six seconds";
  EXPECT_EQ(Take(queue, 8, kNow, nullptr).jobs.size(), 4u) << "deadlines do not matter";
}

TEST(ModelQueue, KnowsHowManyRowsItsBatchesGetWhereMoreWait) {
  ModelQueue queue(BatchConfig(), 1, {});
  const int64_t cap = queue.BatchRows();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(Push(queue, JobAt(5)));
    Take(queue, 8);
  }
  EXPECT_EQ(queue.BatchRows(), cap) << "each took all that waited";
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(Push(queue, JobAt(5)));
  for (int i = 0; i < 140; ++i) Take(queue, 2);
  EXPECT_EQ(queue.BatchRows(), 2);
  while (!queue.empty()) Take(queue, 8);
  EXPECT_GT(queue.BatchRows(), 2);
}

TEST(ModelQueue, DoesNotComputeWhatWouldEndAfterItsDeadline) {
  ModelQueue queue(BatchConfig(), 1, {});
  for (int i = 0; i < 20; ++i) queue.cost().Learn(1, seconds(2));
  StandingQueue standing;
  const auto possible = JobAt(3);
  const auto hopeless = JobAt(1);
  ASSERT_TRUE(Push(queue, hopeless));
  EXPECT_EQ(Take(queue, 8, kNow, &standing).jobs.size(), 1u) << "it may be faster than that";
  queue.NoteExecuted(kNow);
  ASSERT_TRUE(Push(queue, hopeless));
  ASSERT_TRUE(Push(queue, possible));
  const TakenBatch batch = Take(queue, 8, kNow + std::chrono::milliseconds(500), &standing);
  EXPECT_EQ(batch.hopeless, (std::vector{hopeless}));
  EXPECT_EQ(batch.jobs, (std::vector{possible}));
}

TEST(ModelQueue, AModelThatWasNotExecutedForLongIsTriedWhateverItIsThoughtToCost) {
  ModelQueue queue(BatchConfig(), 1, {});
  for (int i = 0; i < 20; ++i) queue.cost().Learn(1, seconds(2));
  queue.NoteExecuted(kNow);
  StandingQueue standing;
  ASSERT_TRUE(Push(queue, JobAt(40)));
  EXPECT_EQ(Take(queue, 8, kNow + seconds(39), &standing).jobs.size(), 0u);
  ASSERT_TRUE(Push(queue, JobAt(41)));
  EXPECT_EQ(Take(queue, 8, kNow + seconds(40), &standing).jobs.size(), 1u) << "20 times its cost";
}

TEST(ModelQueue, TakesItsLimitFromTheConfig) {
  ModelConfig config = BatchConfig();
  config.batching.default_policy.max_queue_size = 1;
  ModelQueue queue(config, 1, {.max_jobs = 1000});
  EXPECT_TRUE(Push(queue, JobAt(1)));
  const auto refused = JobAt(1);
  EXPECT_FALSE(Push(queue, refused));
  EXPECT_EQ(queue.FullError(*refused, std::chrono::milliseconds(70)).message(),
            "Exceeds maximum queue size: 1 calls wait for model 'm'");
}

TEST(ModelQueue, NeverSplitsARequest) {
  ModelQueue queue(BatchConfig(), 1, {});
  const auto first = JobAt(1, 3);
  const auto second = JobAt(2, 4);
  const auto third = JobAt(3, 2);
  for (const auto& job : {first, second, third}) Push(queue, job);
  EXPECT_EQ(Take(queue, 8).jobs, (std::vector{first, second}));
  EXPECT_EQ(queue.rows(), 2);
}

TEST(ModelQueue, GivesARequestThatIsLargerThanTheShare) {
  ModelQueue queue(BatchConfig(), 1, {});
  const auto large = JobAt(1, 7);
  Push(queue, large);
  Push(queue, JobAt(2, 1));
  EXPECT_EQ(Take(queue, 2).jobs, std::vector{large});
}

TEST(ModelQueue, TakesTheLateAndTheUnwantedBesides) {
  ModelQueue queue(BatchConfig(), 1, {});
  const auto late = JobAt(1);
  const auto unwanted = JobAt(5);
  const auto good = JobAt(6, 2);
  for (const auto& job : {late, unwanted, good}) Push(queue, job);
  unwanted->Claim();
  const TakenBatch batch = Take(queue, 2, kNow + seconds(1));
  EXPECT_EQ(batch.expired, std::vector{late});
  EXPECT_EQ(batch.unwanted, std::vector{unwanted});
  EXPECT_EQ(batch.jobs, std::vector{good});
  EXPECT_TRUE(queue.empty());
}

TEST(ModelQueue, KeepsDifferentShapesApartAndServesTheMostUrgentOnesFirst) {
  ModelQueue queue(BatchConfig(), 1, {});
  const auto narrow = JobAt(3);
  const auto wide = JobAt(1);
  const auto wide_too = JobAt(4);
  Push(queue, narrow, "narrow");
  Push(queue, wide, "wide");
  Push(queue, wide_too, "wide");
  EXPECT_EQ(queue.Snapshot(kNow).waiting_rows, 2);
  EXPECT_EQ(Take(queue, 8).jobs, (std::vector{wide, wide_too}));
  EXPECT_EQ(Take(queue, 8).jobs, std::vector{narrow});
  EXPECT_TRUE(queue.empty());
}

TEST(ModelQueue, ForgetsAShapeWhoseLastJobWasTakenOut) {
  ModelQueue queue(BatchConfig(), 1, {});
  const auto only = JobAt(1);
  Push(queue, only, "wide");
  EXPECT_EQ(queue.Remove(*only), only);
  EXPECT_TRUE(queue.empty());
  Push(queue, only, "wide");
  EXPECT_EQ(Take(queue, 8).jobs, std::vector{only});
}

TEST(ModelQueue, NeedsNoKeyWhereTheConfigLeavesNoChoice) {
  const ModelQueue queue(BatchConfig(), 1, {});
  InferenceJob job;
  job.inputs.push_back(Int64s({2, 1}, {1, 2}));
  EXPECT_EQ(queue.GroupKey(job), "");
}

TEST(ModelQueue, NeedsNoKeyWithoutABatchDimension) {
  ModelConfig config = BatchConfig();
  config.max_batch_size = 0;
  config.inputs[0].dims = {-1};
  const ModelQueue queue(config, 1, {});
  InferenceJob job;
  job.inputs.push_back(Int64s({2}, {1, 2}));
  EXPECT_EQ(queue.GroupKey(job), "");
}

TEST(ModelQueue, GivesEqualKeysToWhatCanBeExecutedTogether) {
  ModelConfig config = BatchConfig();
  config.inputs = {{"x", DataType::kInt64, {-1}, false}, {"z", DataType::kInt64, {1}, true}};
  const ModelQueue queue(config, 1, {});
  const auto key = [&queue](Tensor x, Tensor z) {
    InferenceJob job;
    job.inputs.push_back(std::move(x));
    job.inputs.push_back(std::move(z));
    return queue.GroupKey(job);
  };
  const Tensor absent;
  const std::string base = key(Int64s({2, 1}, {1, 2}), absent);
  EXPECT_NE(base, "");
  EXPECT_EQ(base, key(Int64s({1, 1}, {7}), absent));                     // Another number of rows.
  EXPECT_NE(base, key(Int64s({1, 2}, {7, 8}), absent));                  // Another width.
  EXPECT_NE(base, key(Int64s({2, 1}, {1, 2}), Int64s({2, 1}, {0, 0})));  // Another input as well.
}

TEST(ModelQueue, MeasuresADelayFromTheJobThatHasWaitedLongest) {
  ModelConfig config = BatchConfig();
  config.batching.max_queue_delay_us = 100;
  ModelQueue queue(config, 1, {});
  const auto patient = JobAt(50);
  const auto urgent = JobAt(5);
  urgent->enqueued = kNow + std::chrono::microseconds(30);
  Push(queue, patient);
  Push(queue, urgent);
  const BatchSnapshot snapshot = queue.Snapshot(kNow + std::chrono::microseconds(40));
  EXPECT_EQ(snapshot.oldest_wait, std::chrono::microseconds(40));
  EXPECT_EQ(snapshot.max_queue_delay, std::chrono::microseconds(100));
}

TEST(ModelQueue, EstimatesWhatItsBacklogCosts) {
  ModelQueue queue(BatchConfig(), 1, {});
  EXPECT_EQ(queue.Backlog(), Duration::zero());
  for (int i = 0; i < 3; ++i) queue.cost().Learn(1, std::chrono::microseconds(50));
  Push(queue, JobAt(1));
  EXPECT_EQ(queue.Backlog(), std::chrono::microseconds(50));
}

}  // namespace
}  // namespace tournant
