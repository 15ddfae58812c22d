#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "inference/gate.h"
#include "inference/test_jobs.h"
#include "inference/worker_pool.h"

namespace tournant {

// A version served by `pool`, as WarmUpStep leaves it.
inline std::shared_ptr<ModelVersion> Served(WorkerPool& pool,
                                            std::shared_ptr<ModelVersion> version) {
  version->queue = pool.MakeQueue(version->config, version->version);
  return version;
}

// Makes estimates of one row say `cost`.
inline void Teach(const ModelVersion& version, Duration cost) {
  for (int i = 0; i < 10; ++i) version.queue->cost().Learn(1, cost);
}

// Which values were executed together, in order.
class BatchLog {
 public:
  FakeModel::Function Model(Gate* gate = nullptr) {
    return TimesTen([this, gate](const std::vector<int64_t>& values) {
      {
        MutexLock lock(mutex_);
        batches_.push_back(values);
      }
      if (gate != nullptr) gate->Pass();
    });
  }
  std::vector<std::vector<int64_t>> batches() {
    MutexLock lock(mutex_);
    return batches_;
  }

 private:
  Mutex mutex_;
  std::vector<std::vector<int64_t>> batches_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tournant
