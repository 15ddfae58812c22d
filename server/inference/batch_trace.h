#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "base/clock.h"
#include "inference/inference_job.h"

namespace tournant {

class Tracer;

// Makes a span of each execution that has a job of a recorded call: it belongs to no call, so that
// it begins a trace of its own and links to the calls in it, as they link to it. One per worker,
// used by its thread only.
class BatchTrace {
 public:
  explicit BatchTrace(Tracer* tracer) : tracer_(tracer) {}  // Null: nothing is recorded.

  void Add(InferenceJob& job) {
    if (tracer_ != nullptr && job.trace != nullptr) jobs_.push_back(&job);
  }
  // Of the jobs that were added, and forgets them. Before they are answered.
  void End(int64_t rows, TimePoint started, TimePoint finished, const absl::Status& status);

 private:
  Tracer* const tracer_;
  std::vector<InferenceJob*> jobs_;
};

}  // namespace tournant
