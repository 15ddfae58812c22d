#include "inference/warm_up_step.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/rng.h"
#include "base/status.h"
#include "inference/execute.h"
#include "inference/warm_up_inputs.h"

namespace tournant {
namespace {

constexpr int kRuns = 3;
// The first run of a size on a worker allocates and compiles: not what a call will cost.
constexpr int kColdRuns = 1;
// Each size takes as long as all smaller ones together. Above this one, where what rows cost has
// been learnt, one warm run is enough, ...
constexpr int64_t kLargestOften = 64;
// ... and sizes that are to take so long by what smaller ones took are left to calls: a version
// with a huge max_batch_size is not to keep the loader and the workers for minutes.
constexpr Duration kLongest = std::chrono::seconds(2);
// The same for each load, so that a version that random data refuse is refused each time.
constexpr uint64_t kSeed = 20240229;

}  // namespace

std::vector<int64_t> WarmUpSizes(int64_t max_batch_size) {
  const int64_t largest = std::max<int64_t>(max_batch_size, 1);
  std::vector<int64_t> sizes;
  for (int64_t size = 1; size < largest; size *= 2) sizes.push_back(size);
  sizes.push_back(largest);
  return sizes;
}

absl::Status WarmUpStep::Prepare(ModelVersion& version) {
  const TimePoint begin = clock_.Now();
  version.queue = pool_.MakeQueue(version.config, version.version);
  for (const int64_t rows : WarmUpSizes(version.config.max_batch_size)) {
    if (version.queue->cost().EstimateCost(rows) > kLongest) break;
    const absl::Status status = RunZeros(version, rows);
    if (!status.ok()) {
      return Annotate(status, absl::StrCat("warming up with a batch of ", rows));
    }
  }
  for (const WarmUpSample& sample : version.config.warm_up) {
    const absl::Status status = RunSample(version, sample);
    if (!status.ok()) {
      return Annotate(status, absl::StrCat("warming up with sample '", Quote(sample.name), "'"));
    }
  }
  version.warm_up_time = clock_.Now() - begin;
  return absl::OkStatus();
}

absl::Status WarmUpStep::RunZeros(ModelVersion& version, int64_t rows) {
  std::optional<std::vector<Tensor>> zeros = ZeroInputs(version.config, rows);
  if (!zeros) return absl::OkStatus();
  InferenceJob job;
  job.inputs = *std::move(zeros);
  job.rows = rows;
  const int runs = rows > kLargestOften ? kColdRuns + 1 : kRuns;
  return Run(version, job, runs, [&](int64_t run, Duration took) {
    if (run >= kColdRuns) version.queue->cost().Learn(rows, took);
  });
}

absl::Status WarmUpStep::RunSample(ModelVersion& version, const WarmUpSample& sample) {
  SeededRng rng(kSeed);
  absl::StatusOr<std::vector<Tensor>> inputs =
      SampleInputs(sample, version.config, version.model_directory, rng);
  if (!inputs.ok()) return inputs.status();
  InferenceJob job;
  job.inputs = *std::move(inputs);
  job.rows = sample.batch_size;
  return Run(version, job, sample.count, [](int64_t, Duration) {});
}

absl::Status WarmUpStep::Run(ModelVersion& version, const InferenceJob& job, int64_t runs,
                             const Ran& ran) {
  std::vector<absl::Status> errors(static_cast<size_t>(pool_.workers()));
  for (int64_t run = 0; run < runs; ++run) {
    const auto body = [&](int worker) {
      const TimePoint start = clock_.Now();
      absl::Status& error = errors[static_cast<size_t>(worker)];
      error = CatchAll([&] {
        BatchBuffer& buffer = version.queue->buffer(worker);
        return Execute(version, buffer.View(job), job.rows).status();
      });
      if (error.ok()) ran(run, clock_.Now() - start);
    };
    const absl::Status everywhere = pool_.RunOnEveryWorker(body);
    if (!everywhere.ok()) return everywhere;
    for (const absl::Status& error : errors) {
      if (!error.ok()) return error;
    }
  }
  return absl::OkStatus();
}

}  // namespace tournant
