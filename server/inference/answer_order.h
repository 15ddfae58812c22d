#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "inference/inference_job.h"
#include "inference/version_statistics.h"

namespace tournant {

// What a worker has found out about a job.
struct JobAnswer {
  InferenceJob* job = nullptr;
  absl::StatusOr<std::vector<Tensor>> result;
  TimePoint started;
  TimePoint finished;
  int64_t batch_rows = 0;
  ComputeTimes times;
};

// For a model with preserve_ordering: lets several workers compute while answers leave in the order
// in which the batches were taken. A worker that is early leaves its answers here, where they can
// still be too late for their calls; whoever finishes the batch that is missing hands them out.
//
// Part of a ModelQueue. Thread-safe.
class AnswerOrder {
 public:
  // `turn` counts the batches from 0 without gaps. Calls `deliver` for all batches whose turn it
  // is, in order and one at a time.
  void Finish(uint64_t turn, std::vector<std::shared_ptr<InferenceJob>> jobs,
              std::vector<JobAnswer> answers,
              const std::function<void(std::vector<JobAnswer>&)>& deliver);

 private:
  struct Batch {
    std::vector<std::shared_ptr<InferenceJob>> jobs;  // Keeps those of `answers` alive.
    std::vector<JobAnswer> answers;
  };

  Mutex mutex_;  // Held while answers are delivered.
  uint64_t next_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<uint64_t, Batch> early_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tournant
