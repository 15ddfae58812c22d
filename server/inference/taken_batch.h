#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "inference/inference_job.h"

namespace tournant {

// What a worker has taken from a queue. Cleared without the pool's lock: the last job of a version
// that is no longer served may free the model.
struct TakenBatch {
  std::vector<std::shared_ptr<InferenceJob>> jobs;  // Of one version, to be executed together.
  uint64_t turn = 0;  // Of `jobs`, if not empty, among the batches of an AnswerOrder.
  // Answered, never computed: too late; alive for less time than they take; waited for too long in
  // a queue that stands.
  std::vector<std::shared_ptr<InferenceJob>> expired;
  std::vector<std::shared_ptr<InferenceJob>> hopeless;
  std::vector<std::shared_ptr<InferenceJob>> shed;
  std::vector<std::shared_ptr<InferenceJob>> unwanted;  // Their calls have ended: only dropped.
  TimePoint started;

  void Clear() {
    jobs.clear();
    expired.clear();
    hopeless.clear();
    shed.clear();
    unwanted.clear();
  }
};

}  // namespace tournant
