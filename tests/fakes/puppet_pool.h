#pragma once

#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "base/status.h"
#include "inference/compute_pool.h"

namespace tournant {

// A compute pool without threads: it keeps jobs until the test runs them, or runs each at once.
// Thread-safe, since event loops submit and tests look.
class PuppetPool final : public ComputePool {
 public:
  enum class Mode { kAtOnce, kWhenTold, kFull };
  explicit PuppetPool(Mode mode = Mode::kAtOnce) : mode_(mode) {}

  absl::Status Submit(std::shared_ptr<InferenceJob> job) override {
    if (mode_ == Mode::kFull) {
      return Overloaded("QUEUE_FULL", std::chrono::milliseconds(20), "the queue is full");
    }
    if (mode_ == Mode::kAtOnce) {
      Finish(*job);
      return absl::OkStatus();
    }
    MutexLock lock(mutex_);
    jobs_.push_back(std::move(job));
    submitted_.SignalAll();
    return absl::OkStatus();
  }

  bool Forget(const std::shared_ptr<InferenceJob>& job) override {
    MutexLock lock(mutex_);
    const bool was_queued = std::erase(jobs_, job) > 0;
    ++forgotten_;
    submitted_.SignalAll();
    return was_queued;
  }

  // Blocks until a job has been submitted, and runs the oldest.
  void RunOne() {
    std::shared_ptr<InferenceJob> job;
    {
      MutexLock lock(mutex_);
      while (jobs_.empty()) submitted_.Wait(mutex_);
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    Finish(*job);
  }
  // A worker begins with the oldest, and is given what Finish ends.
  std::shared_ptr<InferenceJob> Take(TimePoint now) {
    MutexLock lock(mutex_);
    while (jobs_.empty()) submitted_.Wait(mutex_);
    std::shared_ptr<InferenceJob> job = std::move(jobs_.front());
    jobs_.pop_front();
    job->executing_since = now;
    return job;
  }
  // As RunOne with the newest, to finish jobs in another order.
  void RunNewest() {
    const std::shared_ptr<InferenceJob> job = newest();
    {
      MutexLock lock(mutex_);
      std::erase(jobs_, job);
    }
    Finish(*job);
  }
  static void Finish(InferenceJob& job) {
    std::vector<TensorView> inputs;
    for (const Tensor& input : job.inputs) {
      inputs.push_back({input.type, input.shape, input.bytes, nullptr});
    }
    auto outputs = job.version->model->Run(inputs);
    if (!job.Claim()) return;
    job.status = outputs.status();
    if (outputs.ok()) {
      for (const TensorView& view : *outputs) {
        job.outputs.push_back({view.type, view.shape, std::string(view.bytes)});
      }
      if (job.refine) job.refine(job.outputs);
    }
    job.batch_rows = job.rows;
    job.Resume();
  }
  void WaitForJobs(size_t count) {
    MutexLock lock(mutex_);
    while (jobs_.size() < count) submitted_.Wait(mutex_);
  }
  void WaitForForgotten(size_t count) {
    MutexLock lock(mutex_);
    while (forgotten_ < count) submitted_.Wait(mutex_);
  }
  // Blocks until a job has been submitted.
  std::shared_ptr<InferenceJob> newest() {
    MutexLock lock(mutex_);
    while (jobs_.empty()) submitted_.Wait(mutex_);
    return jobs_.back();
  }
  size_t waiting() {
    MutexLock lock(mutex_);
    return jobs_.size();
  }

 private:
  const Mode mode_;
  Mutex mutex_;
  CondVar submitted_;
  std::deque<std::shared_ptr<InferenceJob>> jobs_ ABSL_GUARDED_BY(mutex_);
  size_t forgotten_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace tournant
