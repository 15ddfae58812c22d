#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "inference/answer_order.h"
#include "inference/batch.h"
#include "inference/batch_trace.h"
#include "inference/inference_job.h"
#include "inference/model_queue.h"
#include "inference/resume_list.h"
#include "inference/taken_batch.h"
#include "inference/version_statistics.h"

namespace tournant {

// What became of it. With an AnswerOrder, jobs are counted by the worker that hands out their
// answers, so that some of these may be of batches that were executed before.
struct BatchOutcome {
  int64_t executions = 0;  // Runs of the model that gave results.
  int64_t rows = 0;        // Rows in them.
  int64_t ok = 0;          // Jobs answered with a result,
  int64_t failed = 0;      // with an error of the model,
  int64_t expired = 0;     // with DEADLINE_EXCEEDED by a worker,
  int64_t shed = 0;        // with RESOURCE_EXHAUSTED by a worker,
  int64_t unwanted = 0;    // or not at all: the call had ended by itself.
  Duration cost{0};        // Of the one execution that had all jobs; zero when it failed.
  Duration computed{0};    // All time spent executing for jobs that got a result or nothing,
  Duration wasted{0};      // and the part of it whose results nobody waited for any more.
};

// A worker's part that needs no lock of the pool: executes a batch and answers its jobs. One per
// worker, used by its thread only.
class BatchRunner {
 public:
  // `tracer` may be null: batches are no spans then.
  explicit BatchRunner(const Clock& clock, Tracer* tracer = nullptr)
      : clock_(clock), trace_(tracer) {}

  // Every job of the batch, which was taken from `queue`, is answered exactly once by the time this
  // returns, here or by its own call; with an AnswerOrder, by the time all batches before it have
  // been. When the execution of several jobs fails, each is executed once more alone, so that only
  // the culprit fails, with its own message.
  BatchOutcome Run(const TakenBatch& batch, ModelQueue& queue, BatchBuffer& buffer);

  // Jobs that are being executed. Any thread.
  int64_t executing() const { return executing_jobs_.load(std::memory_order_relaxed); }
  // For how long the model has been executing; zero when it is not. Any thread.
  Duration ExecutingFor(TimePoint now) const {
    const TimePoint since = executing_since_.load(std::memory_order_relaxed);
    return since == kIdle ? Duration::zero() : std::max(Duration::zero(), now - since);
  }

 private:
  // Run the model and add to answers_. False when it failed for all, and then there are none.
  bool RunTogether(const TakenBatch& batch, BatchBuffer& buffer);
  void RunAlone(const std::shared_ptr<InferenceJob>& job, BatchBuffer& buffer, TimePoint started);

  // Around each execution, for those who watch.
  void BeginExecuting(std::span<const std::shared_ptr<InferenceJob>> jobs, TimePoint now);
  void EndExecuting();

  // Gives `answers` to their calls, counts them and resumes those that waited for them.
  void Deliver(std::vector<JobAnswer>& answers, VersionStatistics& statistics);
  void Answer(JobAnswer& answer);
  void Report(VersionStatistics& statistics);

  const Clock& clock_;

  // Reused from batch to batch.
  std::vector<JobAnswer> answers_;
  BatchOutcome outcome_;
  VersionStatistics::Batch counted_;
  ResumeList resume_;
  BatchTrace trace_;

  // Written by its thread only.
  static constexpr TimePoint kIdle = TimePoint::min();
  std::atomic<TimePoint> executing_since_{kIdle};
  std::atomic<int64_t> executing_jobs_{0};
};

}  // namespace tournant
