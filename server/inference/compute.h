#pragma once

#include <coroutine>
#include <memory>

#include "absl/status/status.h"
#include "base/call_context.h"
#include "base/handoff.h"
#include "inference/compute_pool.h"
#include "inference/inference_job.h"

namespace tournant {

// `absl::Status status = co_await Compute(call, pool, job)` submits the job and waits for its
// result, the deadline, the caller's leaving or, while it is queued, the timeout of its queue
// policy, whichever is first. The status is also in job->status.
//
// An awaiter and no Task: it lies in the frame of the call, which is spared an allocation.
class [[nodiscard]] Compute final : public HandoffWait {
 public:
  // `job` outlives the wait.
  Compute(const CallContext& call, ComputePool& pool, const std::shared_ptr<InferenceJob>& job)
      : HandoffWait(call, *job), call_(call), pool_(pool), job_(job) {}

  bool await_suspend(std::coroutine_handle<> waiter) { return Prepare(waiter) && Wait(Submit()); }
  absl::Status await_resume();

 private:
  // Ends a wait in the queue that its policy finds too long, at that moment and not when a worker
  // gets round to it. On the call's loop.
  class QueueTimer final : public Timer {
   public:
    explicit QueueTimer(Compute& compute) : compute_(compute) {}

   private:
    void OnTimer() override { compute_.RejectIfQueued(); }

    Compute& compute_;
  };

  absl::Status Submit();
  void RejectIfQueued();

  const CallContext& call_;
  ComputePool& pool_;
  const std::shared_ptr<InferenceJob>& job_;
  QueueTimer queue_timer_{*this};
  bool taken_out_ = false;  // The timer found the job in the queue.
};

}  // namespace tournant
