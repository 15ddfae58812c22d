#include <gtest/gtest.h>

#include <stdexcept>

#include "absl/strings/str_cat.h"
#include "base/rng.h"
#include "base/thread.h"
#include "inference/execute.h"
#include "inference/gate.h"
#include "inference/test_jobs.h"

namespace tournant {
namespace {

constexpr int64_t kPoison = -1;

// x: INT64 [rows, any], s: BYTES [rows, 1], z: INT64 [rows, 1], optional.
// sum: INT64 [rows, 2] (sum of x and z; width of x), text: BYTES [rows, 2] (s, and s twice).
// Fails as a whole when any x is the poison.
absl::StatusOr<std::vector<Tensor>> RowWise(std::span<const TensorView> inputs) {
  const TensorView& x = inputs[0];
  const size_t rows = static_cast<size_t>(x.shape[0]);
  const size_t width = static_cast<size_t>(x.shape[1]);
  const std::vector<int64_t> values = Int64Values(x.bytes);
  const bool has_z = inputs[2].type != DataType::kInvalid;
  const std::vector<int64_t> z = Int64Values(inputs[2].bytes);
  std::vector<absl::string_view> words;
  const absl::Status split = SplitBytesElements(inputs[1].bytes, x.shape[0], words);
  if (!split.ok()) return split;
  std::vector<int64_t> sums;
  std::vector<std::string> texts;
  for (size_t row = 0; row < rows; ++row) {
    int64_t sum = has_z ? z[row] : 1'000'000;
    for (size_t i = 0; i < width; ++i) {
      const int64_t value = values[row * width + i];
      if (value == kPoison && row % 2 == 0) throw std::runtime_error("poison");
      if (value == kPoison) return absl::InternalError("poison");
      sum += value;
    }
    sums.push_back(sum);
    sums.push_back(static_cast<int64_t>(width));
    texts.emplace_back(words[row]);
    texts.push_back(absl::StrCat(words[row], words[row]));
  }
  return std::vector<Tensor>{Int64s({x.shape[0], 2}, sums), Strings({x.shape[0], 2}, texts)};
}

std::shared_ptr<ModelVersion> RowWiseVersion(WorkerPool& pool, int64_t max_batch_size, Rng& rng) {
  auto version = Int64Version(RowWise, max_batch_size, absl::StrCat("m", max_batch_size));
  version->config.inputs = {{"x", DataType::kInt64, {-1}, false},
                            {"s", DataType::kBytes, {1}, false},
                            {"z", DataType::kInt64, {1}, true}};
  version->config.outputs = {{"sum", DataType::kInt64, {2}, false},
                             {"text", DataType::kBytes, {2}, false}};
  version->config.max_concurrency = static_cast<int64_t>(rng.Next() % 3);
  Batching& batching = version->config.batching;
  batching.preserve_ordering = rng.Next() % 3 == 0;
  if (rng.Next() % 2 == 0) batching.preferred_batch_sizes = {2, 3};
  if (!batching.preserve_ordering && rng.Next() % 2 == 0) {
    batching.priority_levels = 2;
    batching.default_priority_level = 2;
  }
  version->queue = pool.MakeQueue(version->config, version->version);
  return version;
}

std::shared_ptr<InferenceJob> RandomJob(Rng& rng, ModelHandle version) {
  auto job = std::make_shared<InferenceJob>();
  job->rows = 1 + static_cast<int64_t>(rng.Next() % 4);
  const int64_t width = static_cast<int64_t>(rng.Next() % 3);
  std::vector<int64_t> x;
  std::vector<int64_t> z;
  std::vector<std::string> s;
  for (int64_t row = 0; row < job->rows; ++row) {
    for (int64_t i = 0; i < width; ++i) {
      x.push_back(rng.Next() % 40 == 0 ? kPoison : static_cast<int64_t>(rng.Next() % 1000));
    }
    z.push_back(static_cast<int64_t>(rng.Next() % 1000));
    s.push_back(std::string(rng.Next() % 30, static_cast<char>('a' + rng.Next() % 26)));
  }
  job->inputs = {Int64s({job->rows, width}, x), Strings({job->rows, 1}, s),
                 rng.Next() % 2 == 0 ? Int64s({job->rows, 1}, z) : Tensor{}};
  job->urgency.criticality = kAllCriticalities[rng.Next() % kCriticalities];
  job->priority = static_cast<int64_t>(rng.Next() % 3);
  job->version = std::move(version);
  return job;
}

absl::StatusOr<std::vector<Tensor>> Unbatched(const InferenceJob& job) {
  BatchBuffer buffer;
  auto outputs = Execute(*job.version, buffer.View(job), job.rows);
  if (!outputs.ok()) return outputs.status();
  return CopyOutputs(*outputs);
}

class PoolProperty : public testing::TestWithParam<uint64_t> {};

TEST_P(PoolProperty, EachCallGetsWhatItWouldGetAloneExactlyOnce) {
  SeededRng rng(GetParam());
  Calls calls;
  const int workers = 1 + static_cast<int>(rng.Next() % 4);
  WorkerPool pool(
      calls.test.clock,
      {.workers = workers, .max_queue_jobs = 40, .wake_threshold = std::chrono::microseconds(0)});
  const std::vector<std::shared_ptr<ModelVersion>> versions = {RowWiseVersion(pool, 4, rng),
                                                               RowWiseVersion(pool, 16, rng)};
  constexpr int kBursts = 8;
  constexpr int kCalls = 50;  // A burst: more than one queue holds.
  Gate gate;
  for (int burst = 1; burst <= kBursts; ++burst) {
    // Held back now and then, so that batches become large and queues full.
    const bool held = burst % 4 != 0;
    const Thread holder("holder", [&] {
      if (held) EXPECT_TRUE(pool.RunOnEveryWorker([&](int) { gate.Pass(); }).ok());
    });
    if (held) gate.WaitForArrivals(workers);
    for (int i = 0; i < kCalls; ++i) {
      auto job = RandomJob(rng, versions[rng.Next() % 8 == 0 ? 0 : 1]);
      job->deadline = calls.In(std::chrono::milliseconds(rng.Next() % 40));
      auto& call = calls.Start(pool, std::move(job));
      if (rng.Next() % 8 == 0) call.stop.request_stop();
      if (rng.Next() % 8 == 0) calls.calls().front().stop.request_stop();
      if (rng.Next() % 4 == 0) calls.test.loop.Advance(std::chrono::milliseconds(rng.Next() % 3));
    }
    if (held) gate.Reopen(workers);
  }
  calls.Finish();
  pool.Close();
  EXPECT_EQ(calls.test.loop.RunUntilIdle(), 0u);
  EXPECT_EQ(calls.test.loop.pending_timers(), 0u);

  int64_t ok = 0;
  int64_t failed = 0;
  int64_t rejected = 0;
  int64_t late_or_gone = 0;
  for (const auto& call : calls.calls()) {
    const InferenceJob& job = *call.job;
    EXPECT_EQ(job.status, call.status());
    switch (call.status().code()) {
      case absl::StatusCode::kOk: {
        ++ok;
        const auto expected = Unbatched(job);
        ASSERT_TRUE(expected.ok());
        ASSERT_EQ(job.outputs.size(), expected->size());
        for (size_t i = 0; i < expected->size(); ++i) {
          EXPECT_EQ(job.outputs[i].type, (*expected)[i].type);
          EXPECT_EQ(job.outputs[i].shape, (*expected)[i].shape);
          EXPECT_EQ(job.outputs[i].bytes, (*expected)[i].bytes);
        }
        EXPECT_GE(job.batch_rows, job.rows);
        EXPECT_LE(job.batch_rows, job.version->config.max_batch_size);
        break;
      }
      case absl::StatusCode::kInternal:
        ++failed;
        EXPECT_FALSE(Unbatched(job).ok());
        break;
      case absl::StatusCode::kResourceExhausted:
        ++rejected;
        break;
      case absl::StatusCode::kCancelled:
      case absl::StatusCode::kDeadlineExceeded:
        ++late_or_gone;
        EXPECT_TRUE(job.outputs.empty());
        break;
      default:
        ADD_FAILURE() << call.status();
    }
  }
  EXPECT_EQ(ok + failed + rejected + late_or_gone, kBursts * kCalls);
  const PoolCounts counts = pool.Status().counts;
  EXPECT_EQ(counts.ok, ok);
  EXPECT_EQ(counts.failed, failed);
  // Of those that were taken and let go again, some had ended by themselves.
  EXPECT_LE(counts.rejected, rejected);
  EXPECT_GE(counts.rejected + counts.shed, rejected);
  EXPECT_EQ(counts.accepted,
            counts.ok + counts.failed + counts.expired + counts.shed + counts.unwanted);
  VersionStatistics::Totals totals;
  for (const auto& version : versions) {
    const VersionStatistics::Totals more = version->queue->statistics().Read();
    totals.success.count += more.success.count;
    totals.executions += more.executions;
    for (const auto& [rows, size] : more.batches) totals.rows += rows * size.executions;
  }
  EXPECT_EQ(totals.success.count, ok);
  EXPECT_EQ(totals.executions, counts.executions);
  EXPECT_EQ(totals.rows, counts.rows);
  // Those that had ended before they were submitted are the difference.
  EXPECT_LE(counts.expired + counts.unwanted, late_or_gone);
}

INSTANTIATE_TEST_SUITE_P(Seeds, PoolProperty, testing::Range<uint64_t>(1, 13));

}  // namespace
}  // namespace tournant
