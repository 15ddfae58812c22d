#include "inference/compute.h"

namespace tournant {

absl::Status Compute::Submit() {
  absl::Status submitted = pool_.Submit(job_);
  if (submitted.ok() && job_->reject_at != TimePoint::max()) {
    call_.home.AddTimer(queue_timer_, job_->reject_at);
  }
  return submitted;
}

void Compute::RejectIfQueued() {
  taken_out_ = pool_.Forget(job_);
  if (!taken_out_ || !job_->Claim()) return;
  job_->status = QueueTimeoutError();
  job_->Resume();
}

absl::Status Compute::await_resume() {
  absl::Status status = HandoffWait::await_resume();
  if (queue_timer_.pending()) call_.home.RemoveTimer(queue_timer_);
  if (status.ok()) {
    job_->ended_in_queue = job_->batch_rows == 0;
    return job_->status;
  }
  // The call ended first: its place in the queue is free for others at once. A refused job has
  // none.
  if (absl::IsDeadlineExceeded(status) || absl::IsCancelled(status)) {
    const bool was_queued = pool_.Forget(job_) || taken_out_;
    job_->ended_in_queue = was_queued;
    job_->abandoned = !was_queued;
    // Both may be due at the same moment.
    if (absl::IsDeadlineExceeded(status) && was_queued && job_->reject_at <= call_.deadline) {
      status = QueueTimeoutError();
    }
  }
  // Nobody else writes it: this side won Claim().
  job_->status = status;
  return status;
}

}  // namespace tournant
