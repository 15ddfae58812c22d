#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "inference/inference_job.h"
#include "inference/worker_pool.h"
#include "models/model_version.h"

namespace tournant {

// Makes a version ready for its first call: gives it its queue, and runs every size of batch (1, 2,
// 4, ... up to its largest) three times on every worker with zeros (those above 64 twice), so that
// no caller pays for first executions and the cost model knows the version from the start; then the
// samples of its config's model_warmup. Sizes that should take above 2 s are left out, and all
// where the config knows no zeros that run. A version that fails here is refused. One run at a time
// and worker, so that live calls get in between.
//
// Owned by main; used in the loader's thread.
class WarmUpStep final : public LoadStep {
 public:
  WarmUpStep(WorkerPool& pool, const Clock& clock) : pool_(pool), clock_(clock) {}

  absl::Status Prepare(ModelVersion& version) override;

 private:
  // Told what one run took on one worker; called on all workers at once.
  using Ran = std::function<void(int64_t run, Duration took)>;

  absl::Status RunZeros(ModelVersion& version, int64_t rows);
  absl::Status RunSample(ModelVersion& version, const WarmUpSample& sample);
  // `job` on every worker, `runs` times. The first error ends it.
  absl::Status Run(ModelVersion& version, const InferenceJob& job, int64_t runs, const Ran& ran);

  WorkerPool& pool_;
  const Clock& clock_;
};

// The sizes of batch that are warmed up.
std::vector<int64_t> WarmUpSizes(int64_t max_batch_size);

}  // namespace tournant
