#pragma once

#include <memory>

#include "absl/status/status.h"
#include "base/clock.h"
#include "inference/inference_job.h"

namespace tournant {

// Where models are executed: never on an event loop. Implemented by WorkerPool.
class ComputePool {
 public:
  virtual ~ComputePool() = default;

  // Puts the job into its version's queue and never blocks. RESOURCE_EXHAUSTED (base/status.h
  // Overloaded, reason "QUEUE_FULL") when the queue is full, UNAVAILABLE once closed. Any thread.
  virtual absl::Status Submit(std::shared_ptr<InferenceJob> job) = 0;

  // The call no longer waits: frees the job's place if it is still queued, and says whether it was.
  // When it was not, a worker has it. Any thread.
  virtual bool Forget(const std::shared_ptr<InferenceJob>& job) = 0;

  // Until a worker should have ended what it executes now; zero when one has nothing to do. Any
  // thread; takes no lock.
  virtual Duration NextFree(TimePoint /*now*/) const { return Duration::zero(); }
};

}  // namespace tournant
