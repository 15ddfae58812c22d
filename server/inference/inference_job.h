#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "admission/urgency.h"
#include "base/clock.h"
#include "base/handoff.h"
#include "inference/job_trace.h"
#include "inference/version_statistics.h"
#include "models/model_version.h"
#include "models/tensor.h"

namespace tournant {

class JobHeap;

// One call's rows on their way through a worker. Shared by the call and the pool. The inputs are
// constant once submitted; the result is written by whoever wins Claim() and read by the call after
// it has been resumed.
class InferenceJob final : public Handoff {
 public:
  // Set by the call.
  ModelHandle version;
  std::vector<Tensor> inputs;  // In the order of the config; type kInvalid: optional, not given.
  int64_t rows = 1;            // The batch dimension; 1 for models without one.
  TimePoint accepted;          // When the call came; zero: when it is submitted.
  TimePoint deadline;
  Urgency urgency;
  int64_t priority = 0;  // 1 is the most urgent level; 0: the model's default.
  Duration timeout{0};   // Of the request, for queue policies that heed it; zero: none.
  // May be empty. Makes of the outputs what the call wants, on the worker that has computed them,
  // where that is too much for an event loop. While it runs the call waits.
  std::function<void(std::vector<Tensor>& outputs)> refine;
  std::unique_ptr<JobTrace> trace;  // Null: the call is not recorded.
  // An answer is no success yet: the call counts it in the version's statistics, once it is one.
  bool counted_by_call = false;

  // Set by Submit.
  TimePoint enqueued;
  // When it has waited too long to be computed at all, by its queue policy.
  TimePoint reject_at = TimePoint::max();

  // The result. Times are set once a worker has answered the job; a call that ended otherwise finds
  // them at zero.
  absl::Status status;
  std::vector<Tensor> outputs;  // In the order of the config.
  TimePoint started;
  TimePoint finished;
  ComputeTimes times;
  int64_t batch_rows = 0;  // Rows of the execution that this job was part of.
  // Set by Compute.
  bool ended_in_queue = false;  // No worker had begun with it.
  bool abandoned = false;       // Its call ended while a worker had it, who may read it still.

  // When a worker began to execute it; zero before that. Written by the worker, read by any thread,
  // and true of a job that its call has left, too.
  std::atomic<TimePoint> executing_since{TimePoint()};

 private:
  friend class JobHeap;
  friend class ModelQueue;
  static constexpr size_t kNotQueued = std::numeric_limits<size_t>::max();

  // Set by Submit.
  uint32_t level_ = 0;                     // Of the queue, from 0.
  TimePoint delay_at_ = TimePoint::max();  // When others go before it, by its queue policy.

  // Where it waits. Guarded by the pool's lock.
  JobHeap* heap_ = nullptr;
  size_t position_ = kNotQueued;
};

// The span of the batch that a worker computed the job in, once the call has been resumed.
inline std::optional<TraceContext> BatchOf(const InferenceJob& job) {
  // A worker that lost the race for the job may still be writing.
  if (job.trace == nullptr || job.started == TimePoint()) return std::nullopt;
  if (!job.trace->batch.sampled) return std::nullopt;
  return job.trace->batch;
}

// What a job is answered with that its queue policy rejects; the words are Triton's.
inline absl::Status QueueTimeoutError() {
  return absl::DeadlineExceededError(
      "Request timeout expired: it waited in the queue for as long as the model's config lets it");
}

}  // namespace tournant
