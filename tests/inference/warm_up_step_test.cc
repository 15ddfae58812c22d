#include "inference/warm_up_step.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <thread>

#include "fakes/temp_dir.h"
#include "inference/test_jobs.h"

namespace tournant {
namespace {

using std::chrono::milliseconds;

// A model that refuses some inputs.
FakeModel::Function FailingOn(std::function<bool(const TensorView&)> fails, const char* message) {
  return [fails = std::move(fails), message, good = TimesTen()](
             std::span<const TensorView> inputs) -> absl::StatusOr<std::vector<Tensor>> {
    if (fails(inputs[0])) return absl::InternalError(message);
    return good(inputs);
  };
}

TEST(WarmUpSizes, DoubleUpToTheLargestBatch) {
  EXPECT_EQ(WarmUpSizes(8), (std::vector<int64_t>{1, 2, 4, 8}));
  EXPECT_EQ(WarmUpSizes(6), (std::vector<int64_t>{1, 2, 4, 6}));
  EXPECT_EQ(WarmUpSizes(1), std::vector<int64_t>{1});
}

TEST(WarmUpSizes, GoUpToHugeBatches) {
  EXPECT_EQ(WarmUpSizes(300), (std::vector<int64_t>{1, 2, 4, 8, 16, 32, 64, 128, 256, 300}));
  EXPECT_EQ(WarmUpSizes(int64_t{1} << 31).size(), 32u);
}

TEST(WarmUpSizes, AreOneWithoutABatchDimension) {
  EXPECT_EQ(WarmUpSizes(0), std::vector<int64_t>{1});
}

TEST(WarmUpStep, RunsEverySizeThreeTimesOnEveryWorker) {
  ManualClock clock;
  WorkerPool pool(clock, {.workers = 2});
  Mutex mutex;
  std::map<size_t, int> runs;
  std::set<std::thread::id> threads;
  const auto version = Int64Version(TimesTen([&](const std::vector<int64_t>& values) {
    MutexLock lock(mutex);
    ++runs[values.size()];
    threads.insert(std::this_thread::get_id());
  }));
  WarmUpStep step(pool, clock);
  const absl::Status status = step.Prepare(*version);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(runs, (std::map<size_t, int>{{1, 6}, {2, 6}, {4, 6}, {8, 6}}));
  EXPECT_EQ(threads.size(), 2u);
}

TEST(WarmUpStep, RunsSizesAbove64Twice) {
  ManualClock clock;
  WorkerPool pool(clock, {});
  std::map<size_t, int> runs;
  const auto version =
      Int64Version(TimesTen([&](const std::vector<int64_t>& values) { ++runs[values.size()]; }));
  version->config.max_batch_size = 200;
  WarmUpStep step(pool, clock);
  ASSERT_TRUE(step.Prepare(*version).ok());
  EXPECT_EQ(runs[64], 3);
  EXPECT_EQ(runs[128], 2);
  EXPECT_EQ(runs[200], 2);
}

TEST(WarmUpStep, LeavesLargerSizesOutAfterOneThatTookLong) {
  ManualClock clock;
  WorkerPool pool(clock, {});
  std::set<size_t> sizes;
  const auto version = Int64Version(TimesTen([&](const std::vector<int64_t>& values) {
    sizes.insert(values.size());
    clock.Advance(std::chrono::seconds(1) * values.size());
  }));
  WarmUpStep step(pool, clock);
  ASSERT_TRUE(step.Prepare(*version).ok());
  EXPECT_EQ(sizes, (std::set<size_t>{1, 2}));
}

TEST(WarmUpStep, TakesTheSizeThatRanAtLoadForOpenDimensions) {
  ManualClock clock;
  WorkerPool pool(clock, {});
  const auto version = Int64Version(
      FailingOn([](const TensorView& x) { return x.shape != Shape{x.shape[0], 8}; }, "8, please"));
  version->config.inputs[0].dims = {-1};
  version->config.outputs[0].dims = {-1};
  version->config.warm_up_size = 8;
  WarmUpStep step(pool, clock);
  const absl::Status status = step.Prepare(*version);
  EXPECT_TRUE(status.ok()) << status;
}

TEST(WarmUpStep, RunsOnlySamplesWhereNoZerosRanAtLoad) {
  ManualClock clock;
  WorkerPool pool(clock, {});
  const TempDir model;
  model.Write("warmup/seven", std::string("\7\0\0\0\0\0\0\0", 8));
  std::vector<std::vector<int64_t>> runs;
  const auto version =
      Int64Version(TimesTen([&](const std::vector<int64_t>& values) { runs.push_back(values); }));
  version->model_directory = model.path();
  version->config.warm_up_size = std::nullopt;
  version->config.warm_up = {
      {.name = "file",
       .inputs = {{"x", {DataType::kInt64, {1}, WarmUpInput::Contents::kFile, "seven"}}}}};
  WarmUpStep step(pool, clock);
  const absl::Status status = step.Prepare(*version);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(runs, (std::vector<std::vector<int64_t>>{{7}}));
}

TEST(WarmUpStep, LeavesAQueueThatServes) {
  Calls calls;
  WorkerPool pool(calls.test.clock, {});
  const auto version = Int64Version(TimesTen());
  WarmUpStep step(pool, calls.test.clock);
  ASSERT_TRUE(step.Prepare(*version).ok());
  ASSERT_NE(version->queue, nullptr);
  auto& call = calls.Start(pool, Int64Job(version, {4}, calls.In(std::chrono::seconds(1))));
  calls.Finish();
  EXPECT_TRUE(call.status().ok());
  EXPECT_EQ(Int64Values(call.job->outputs[0]), std::vector<int64_t>{40});
}

TEST(WarmUpStep, TeachesTheCostModelWithoutTheColdRuns) {
  ManualClock clock;
  WorkerPool pool(clock, {});
  std::map<size_t, int> runs;
  const auto version = Int64Version(TimesTen([&](const std::vector<int64_t>& values) {
    const bool cold = runs[values.size()]++ == 0;
    clock.Advance(cold ? Duration(std::chrono::seconds(5))
                       : milliseconds(20) + milliseconds(3) * values.size());
  }));
  WarmUpStep step(pool, clock);
  ASSERT_TRUE(step.Prepare(*version).ok());
  const CostModel& cost = version->queue->cost();
  EXPECT_NEAR(static_cast<double>(cost.fixed_cost().count()), 20e6, 1e5);
  EXPECT_NEAR(static_cast<double>(cost.row_cost().count()), 3e6, 1e4);
}

TEST(WarmUpStep, RefusesAVersionThatFails) {
  ManualClock clock;
  WorkerPool pool(clock, {.workers = 2});
  const auto version = Int64Version(
      FailingOn([](const TensorView& x) { return x.shape[0] == 4; }, "four is too many"));
  WarmUpStep step(pool, clock);
  EXPECT_EQ(step.Prepare(*version),
            absl::InternalError("warming up with a batch of 4: four is too many"));
}

TEST(WarmUpStep, RefusesAVersionWhoseOutputsDisagreeWithItsConfig) {
  ManualClock clock;
  WorkerPool pool(clock, {});
  const auto version = Int64Version([](std::span<const TensorView>) {
    return absl::StatusOr<std::vector<Tensor>>(std::vector<Tensor>{});
  });
  WarmUpStep step(pool, clock);
  EXPECT_EQ(step.Prepare(*version).code(), absl::StatusCode::kInternal);
}

TEST(WarmUpStep, FailsWhenThePoolIsClosed) {
  ManualClock clock;
  WorkerPool pool(clock, {});
  pool.Close();
  const auto version = Int64Version(TimesTen());
  WarmUpStep step(pool, clock);
  EXPECT_EQ(step.Prepare(*version).code(), absl::StatusCode::kUnavailable);
}

WarmUpSample XSample(const std::string& name, WarmUpInput input) {
  WarmUpSample sample{.name = name, .inputs = {}};
  sample.inputs["x"] = std::move(input);
  return sample;
}

TEST(WarmUpStep, RunsTheConfigsSamplesAfterTheSizesOnEveryWorker) {
  ManualClock clock;
  WorkerPool pool(clock, {.workers = 2});
  const TempDir model;
  model.Write("warmup/seven", std::string("\7\0\0\0\0\0\0\0", 8));
  Mutex mutex;
  std::map<std::thread::id, std::vector<std::vector<int64_t>>> runs;
  const auto version = Int64Version(TimesTen([&](const std::vector<int64_t>& values) {
    MutexLock lock(mutex);
    runs[std::this_thread::get_id()].push_back(values);
  }));
  version->model_directory = model.path();
  version->config.warm_up = {
      XSample("file", {DataType::kInt64, {1}, WarmUpInput::Contents::kFile, "seven"})};
  version->config.warm_up[0].batch_size = 3;
  version->config.warm_up[0].count = 5;
  WarmUpStep step(pool, clock);
  const absl::Status status = step.Prepare(*version);
  EXPECT_TRUE(status.ok()) << status;
  std::vector<std::vector<int64_t>> expected;
  for (const size_t size : {1, 2, 4, 8})
    expected.insert(expected.end(), 3, std::vector<int64_t>(size));
  expected.insert(expected.end(), 5, {7, 7, 7});
  ASSERT_EQ(runs.size(), 2u);
  for (const auto& [thread, values] : runs) EXPECT_EQ(values, expected);
}

TEST(WarmUpStep, RefusesAVersionThatASampleFailsWithTheSamplesName) {
  ManualClock clock;
  WorkerPool pool(clock, {.workers = 2});
  const TempDir model;
  model.Write("warmup/seven", std::string("\7\0\0\0\0\0\0\0", 8));
  const auto version = Int64Version(
      FailingOn([](const TensorView& x) { return Int64Values(x.bytes)[0] == 7; }, "no sevens"));
  version->model_directory = model.path();
  version->config.warm_up = {
      XSample("zero", {DataType::kInt64, {1}}),
      XSample("unlucky", {DataType::kInt64, {1}, WarmUpInput::Contents::kFile, "seven"})};
  WarmUpStep step(pool, clock);
  EXPECT_EQ(step.Prepare(*version),
            absl::InternalError("warming up with sample 'unlucky': no sevens"));
}

TEST(WarmUpStep, RefusesAVersionWhoseSampleDoesNotFitIt) {
  ManualClock clock;
  WorkerPool pool(clock, {});
  const auto version = Int64Version(TimesTen());
  version->config.warm_up = {XSample("narrow", {DataType::kInt32, {1}})};
  WarmUpStep step(pool, clock);
  EXPECT_EQ(step.Prepare(*version),
            absl::InvalidArgumentError("warming up with sample 'narrow': gives input 'x' data_type "
                                       "INT32; the model's is INT64"));
}

}  // namespace
}  // namespace tournant
