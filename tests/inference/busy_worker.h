#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <utility>

#include "inference/gate.h"
#include "inference/served.h"
#include "inference/test_jobs.h"
#include "inference/worker_pool.h"

namespace tournant {

// A pool whose only worker is held within the call of value 0, so that those that follow wait.
class BusyWorkerTest : public testing::Test {
 protected:
  void Serve(int64_t max_batch_size, const std::function<void(ModelConfig&)>& configure = {}) {
    auto unserved = Int64Version(log_.Model(&gate_), max_batch_size);
    if (configure) configure(unserved->config);
    version_ = Served(pool_, std::move(unserved));
    Start(0, std::chrono::seconds(100));
    gate_.WaitForArrivals(1);
  }
  std::shared_ptr<InferenceJob> Job(int64_t value, Duration deadline = std::chrono::seconds(1)) {
    return Int64Job(version_, {value}, calls_.In(deadline));
  }
  Calls::Call& Start(std::shared_ptr<InferenceJob> job) {
    return calls_.Start(pool_, std::move(job));
  }
  Calls::Call& Start(int64_t value, Duration deadline = std::chrono::seconds(1)) {
    return Start(Job(value, deadline));
  }
  // Lets the worker go on until each call has ended.
  void Finish() {
    gate_.OpenForGood();
    calls_.Finish();
  }

  Calls calls_;
  Gate gate_;
  BatchLog log_;
  WorkerPool pool_{calls_.test.clock, {}};
  std::shared_ptr<ModelVersion> version_;
};

}  // namespace tournant
