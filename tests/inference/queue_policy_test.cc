#include <gtest/gtest.h>

#include <vector>

#include "inference/model_queue.h"
#include "inference/queue_jobs.h"

// What a config's dynamic_batching makes of a queue.

namespace tournant {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;
using Jobs = std::vector<std::shared_ptr<InferenceJob>>;

// Levels 1 to 3, of which 2 is the default.
ModelConfig LevelsConfig() {
  ModelConfig config = BatchConfig();
  config.batching.priority_levels = 3;
  config.batching.default_priority_level = 2;
  return config;
}

std::shared_ptr<InferenceJob> Job(int deadline, int64_t priority = 0, int64_t rows = 1) {
  auto job = JobAt(deadline, rows);
  job->priority = priority;
  return job;
}

bool Submit(ModelQueue& queue, std::shared_ptr<InferenceJob> job, TimePoint now = kNow,
            std::string key = "") {
  queue.Admit(*job, now);
  std::shared_ptr<InferenceJob> evicted;
  return queue.Push(job, std::move(key), evicted);
}

TEST(QueuePolicy, ServesLevelsInTheirOrderAndWithinOneTheEarliestDeadline) {
  ModelQueue queue(LevelsConfig(), 1, {});
  const Jobs jobs = {Job(9, 1), Job(30, 1), Job(5, 2), Job(20, 2), Job(1, 3)};
  for (const size_t i : {4, 3, 1, 2, 0}) EXPECT_TRUE(Submit(queue, jobs[i]));
  EXPECT_EQ(queue.Deadline(), jobs[0]->deadline);
  EXPECT_EQ(Take(queue, 8).jobs, jobs);
}

TEST(QueuePolicy, PutsACallWithoutPriorityOnTheDefaultLevel) {
  ModelQueue queue(LevelsConfig(), 1, {});
  const auto low = Job(1, 3);
  const auto usual = Job(2);
  const auto high = Job(3, 1);
  for (const auto& job : {low, usual, high}) Submit(queue, job);
  EXPECT_EQ(Take(queue, 8).jobs, (Jobs{high, usual, low}));
}

TEST(QueuePolicy, IgnoresPrioritiesOfAModelWithoutLevels) {
  ModelQueue queue(BatchConfig(), 1, {});
  const auto late = Job(9, 1);
  const auto early = Job(1, 1'000'000'000'000);
  for (const auto& job : {late, early}) Submit(queue, job);
  EXPECT_EQ(Take(queue, 8).jobs, (Jobs{early, late}));
}

TEST(QueuePolicy, LimitsEachLevelByItsOwnPolicy) {
  ModelConfig config = LevelsConfig();
  config.batching.default_policy.max_queue_size = 2;
  config.batching.priority_policies[3].max_queue_size = 1;
  config.batching.priority_policies[1].max_queue_size = 0;
  ModelQueue queue(config, 1, {.max_jobs = 3});
  EXPECT_TRUE(Submit(queue, Job(1, 3)));
  EXPECT_FALSE(Submit(queue, Job(1, 3)));
  const auto second = Job(1);
  EXPECT_TRUE(Submit(queue, Job(1)));
  EXPECT_TRUE(Submit(queue, second));
  EXPECT_FALSE(Submit(queue, Job(1)));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(Submit(queue, Job(1, 1)));
  EXPECT_FALSE(Submit(queue, Job(1, 1)));
  EXPECT_EQ(queue.Remove(*second), second);
  EXPECT_TRUE(Submit(queue, Job(1)));
  EXPECT_EQ(Take(queue, 1).jobs.size(), 1u);  // The most urgent level has room again, only that.
  EXPECT_FALSE(Submit(queue, Job(1)));
  EXPECT_TRUE(Submit(queue, Job(1, 1)));
}

TEST(QueuePolicy, RejectsWhatHasWaitedForTheTimeoutOfItsPolicy) {
  ModelConfig config = BatchConfig();
  config.batching.default_policy.default_timeout_us = 500;
  ModelQueue queue(config, 1, {});
  const auto early = Job(10);
  const auto late = Job(20);
  Submit(queue, early);
  Submit(queue, late, kNow + microseconds(1));
  EXPECT_EQ(early->reject_at, kNow + microseconds(500));
  const TakenBatch batch = Take(queue, 8, kNow + microseconds(500));
  EXPECT_EQ(batch.expired, Jobs{early});
  EXPECT_EQ(batch.jobs, Jobs{late});
}

TEST(QueuePolicy, HeedsTheTimeoutOfARequestOnlyWhereTheConfigAllowsIt) {
  ModelConfig config = LevelsConfig();
  QueuePolicy policy;
  policy.default_timeout_us = 500;
  config.batching.priority_policies[1] = policy;
  policy.allow_timeout_override = true;
  config.batching.priority_policies[2] = policy;
  policy.default_timeout_us = 0;
  config.batching.priority_policies[3] = policy;
  const ModelQueue queue(config, 1, {});
  const auto reject_at = [&queue](int64_t level, int timeout_us) {
    const auto job = Job(10, level);
    job->timeout = microseconds(timeout_us);
    queue.Admit(*job, kNow);
    return job->reject_at;
  };
  EXPECT_EQ(reject_at(1, 100), kNow + microseconds(500));
  EXPECT_EQ(reject_at(2, 100), kNow + microseconds(100));
  EXPECT_EQ(reject_at(2, 900), kNow + microseconds(500));  // It shortens, never lengthens.
  EXPECT_EQ(reject_at(2, 0), kNow + microseconds(500));
  EXPECT_EQ(reject_at(3, 100), kNow + microseconds(100));
  EXPECT_EQ(reject_at(3, 0), TimePoint::max());
}

ModelConfig DelayConfig() {
  ModelConfig config = LevelsConfig();
  config.batching.default_policy.default_timeout_us = 500;
  config.batching.default_policy.timeout_action = QueuePolicy::TimeoutAction::kDelay;
  return config;
}

TEST(QueuePolicy, DelaysWhatHasWaitedTooLongBehindAllOfItsLevelThatHaveNot) {
  ModelQueue queue(DelayConfig(), 1, {});
  const auto first = Job(1);
  const auto second = Job(2);
  const auto fresh = Job(30);
  const auto low = Job(1, 3);
  Submit(queue, first);
  Submit(queue, second);
  Submit(queue, fresh, kNow + microseconds(100));
  Submit(queue, low, kNow + microseconds(100));
  const TimePoint later = kNow + microseconds(599);
  EXPECT_EQ(Take(queue, 1, later).jobs, Jobs{fresh});
  EXPECT_EQ(Take(queue, 8, later).jobs, (Jobs{first, second, low}));
}

TEST(QueuePolicy, ServesTheMostUrgentDelayedCallFirstWhenNoOtherIsThere) {
  ModelQueue queue(DelayConfig(), 1, {});
  const Jobs jobs = {Job(1), Job(2), Job(3)};
  for (const size_t i : {2, 0, 1}) Submit(queue, jobs[i]);
  const TakenBatch batch = Take(queue, 8, kNow + microseconds(501));
  EXPECT_EQ(batch.jobs, jobs);
  EXPECT_TRUE(batch.expired.empty());
}

TEST(QueuePolicy, PrefersAFreshCallOfAnotherShapeToADelayedOne) {
  ModelQueue queue(DelayConfig(), 1, {});
  const auto old = Job(1);
  const auto fresh = Job(9);
  Submit(queue, old, kNow, "narrow");
  Submit(queue, fresh, kNow + microseconds(400), "wide");
  const TimePoint later = kNow + microseconds(600);
  EXPECT_EQ(queue.Snapshot(later).waiting_rows, 1);
  EXPECT_EQ(Take(queue, 8, later).jobs, Jobs{fresh});
  EXPECT_EQ(Take(queue, 8, later).jobs, Jobs{old});
}

TEST(QueuePolicy, NeverComputesADelayedCallAfterItsDeadline) {
  ModelQueue queue(DelayConfig(), 1, {});
  const auto job = Job(1);
  Submit(queue, job);
  EXPECT_EQ(Take(queue, 8, kNow + seconds(1)).expired, Jobs{job});
}

ModelConfig OrderedConfig() {
  ModelConfig config = BatchConfig();
  config.batching.preserve_ordering = true;
  return config;
}

TEST(QueuePolicy, ServesInOrderOfArrivalWhereOrderIsToBePreserved) {
  ModelQueue queue(OrderedConfig(), 1, {});
  const Jobs jobs = {Job(30), Job(10), Job(20)};
  for (const auto& job : jobs) Submit(queue, job);
  EXPECT_EQ(Take(queue, 8).jobs, jobs);
}

TEST(QueuePolicy, AFullQueueInOrderOfArrivalMakesRoomByClassAsWell) {
  ModelQueue queue(OrderedConfig(), 1, {.max_jobs = 2});
  const auto sheddable = Job(30);
  sheddable->urgency.criticality = Criticality::kSheddable;
  const auto most_critical = Job(30);
  most_critical->urgency.criticality = Criticality::kCriticalPlus;
  Submit(queue, sheddable);
  Submit(queue, most_critical);
  std::shared_ptr<InferenceJob> evicted;
  auto critical = Job(30);
  EXPECT_TRUE(queue.Push(critical, "", evicted));
  EXPECT_EQ(evicted, sheddable);
  auto again = Job(30);
  EXPECT_FALSE(queue.Push(again, "", evicted)) << "none matters less";
}

TEST(QueuePolicy, TakesNothingBeforeAnEarlierCallOfAnotherShapeWhereOrderIsToBePreserved) {
  ModelQueue queue(OrderedConfig(), 1, {});
  const auto narrow = Job(30);
  const auto wide = Job(10);
  const auto narrow_too = Job(1);
  Submit(queue, narrow, kNow, "narrow");
  Submit(queue, wide, kNow, "wide");
  Submit(queue, narrow_too, kNow, "narrow");
  const TakenBatch first = Take(queue, 8);
  EXPECT_EQ(first.jobs, Jobs{narrow});
  EXPECT_EQ(first.turn, 0u);
  const TakenBatch second = Take(queue, 8);
  EXPECT_EQ(second.jobs, Jobs{wide});
  EXPECT_EQ(second.turn, 1u);
  EXPECT_EQ(Take(queue, 8).turn, 2u);
}

TEST(QueuePolicy, FindsThePreferredSizeThatTheMostUrgentCallsFillWithoutASplit) {
  ModelConfig config = BatchConfig();
  config.batching.preferred_batch_sizes = {2, 4};
  ModelQueue queue(config, 1, {});
  Submit(queue, Job(3, 0, 2));
  EXPECT_EQ(queue.Snapshot(kNow).preferred_rows, 2);
  Submit(queue, Job(1));
  EXPECT_EQ(queue.Snapshot(kNow).preferred_rows, 0);  // 1 and 3.
  Submit(queue, Job(2));
  EXPECT_EQ(queue.Snapshot(kNow).preferred_rows, 4);  // 1, 2 and 4.
}

}  // namespace
}  // namespace tournant
