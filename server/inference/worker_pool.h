#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "inference/batching_policy.h"
#include "inference/compute_pool.h"
#include "inference/model_queue.h"
#include "inference/pool_status.h"

namespace tournant {

class Tracer;

// The threads on which models are executed, shared by all models. Callers put jobs into the queues
// of their model versions; a free worker picks a queue, takes its share of it and executes that as
// one batch (batching_policy.h). Nothing waits while a worker is free, unless a config asks for it:
// with a queue delay, or with a bound on the executions of a model at the same time.
//
// Owned by main. All methods may be called from any thread but a worker. Ends with Close.
class WorkerPool final : public ComputePool {
 public:
  struct Options {
    int workers = 1;
    // Jobs that may wait for one level of a model version, unless its config says otherwise.
    int64_t max_queue_jobs = 1000;
    // Estimated work that a wake-up is worth, and that each further worker of a burst must have.
    std::chrono::microseconds wake_threshold{100};
    // How much more computing time than the least served model another may be given before
    // deadlines stop deciding.
    std::chrono::microseconds fairness_slack{5000};
    // While calls wait behind workers that should be free soon, how often one that sleeps looks
    // whether they are.
    std::chrono::microseconds guard_period{1000};
    // Do not compute what would end after its deadline, nor what has waited for nearly all of its
    // time in a queue that stands: admission's second look (admission/).
    bool checks_at_dispatch = true;
    Tracer* tracer = nullptr;  // Outlives the pool. Null: batches are not traced.
  };

  WorkerPool(const Clock& clock, Options options);
  ~WorkerPool() override;  // Closes.

  // The queue for a version that this pool will serve. Attached by WarmUpStep.
  std::shared_ptr<ModelQueue> MakeQueue(const ModelConfig& config, int64_t version) const;

  absl::Status Submit(std::shared_ptr<InferenceJob> job) override;
  bool Forget(const std::shared_ptr<InferenceJob>& job) override;
  Duration NextFree(TimePoint now) const override;

  // Runs `body`, which must not throw, once on every worker, between batches, and waits for all:
  // warming up. `body` is told the worker's index. UNAVAILABLE once closed.
  absl::Status RunOnEveryWorker(const std::function<void(int worker)>& body);

  // Takes no more jobs, executes what waits, joins the workers. Before any loop that jobs come from
  // is shut down.
  void Close();
  // The same, but false when a worker has not ended after `budget`, because the model that it
  // executes does not: then the pool can be neither closed nor destroyed.
  bool CloseWithin(std::chrono::milliseconds budget);

  int workers() const { return options_.workers; }
  PoolStatus Status() const;
  // PoolStatus::longest_execution alone. Takes no lock, so that it can tell of workers that hang
  // whatever they hold.
  Duration LongestExecution(TimePoint now) const;

 private:
  struct Worker;

  void StopTaking();
  // A worker's life.
  void Work(Worker& self);
  void RunBatch(Worker& self);
  void RunControl(Worker& self);

  enum class Next { kBatch, kControl, kEnd };
  // Blocks until there is something to do.
  Next WaitForWork(Worker& self);
  // Fills self.taken if a batch is due; else says in how long one will be, if any waits. With a
  // batch, `wake` is a worker that should share the rest.
  bool TakeBatch(Worker& self, TimePoint now, std::optional<Duration>& due_in, Worker*& wake)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Sleep(Worker& self, std::optional<Duration> at_most) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Sleeps until it is woken, or finds as the guard that it is needed.
  void SleepOnGuard(Worker& self) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Makes a sleeping worker look now and then whether what waits still needs no worker more. The
  // one to signal, without the lock; null if there is a guard, or nobody to be one.
  Worker* PostGuard() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // Takes a worker out of those that sleep; the caller signals it, without the lock.
  Worker* TakeSleeper() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Rouse(Worker& worker) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool NeedsWorker(TimePoint now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // An execution of a model that may not have as many as it likes is over.
  void Release(ModelQueue& queue);
  // How many workers, the asking one included, could take a part of what waits in it.
  int FreeFor(const ModelQueue& queue) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool AnyToTake() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Whether somebody who sleeps will wake up in time for what is to be delayed.
  bool SomeoneWatches() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Brings the list of queues that are not empty, and the sum of their backlogs, up to date after a
  // change.
  void Update(ModelQueue& queue, bool was_empty) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Recount(ModelQueue& queue) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Clock& clock_;
  const Options options_;
  std::vector<std::unique_ptr<Worker>> workers_;

  Mutex control_mutex_;  // Held through RunOnEveryWorker, before mutex_.

  mutable Mutex mutex_;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  int working_ ABSL_GUARDED_BY(mutex_);  // Workers that have not ended.
  CondVar all_ended_;
  // Queues where something waits: alive, since each job holds its version.
  std::vector<ModelQueue*> waiting_ ABSL_GUARDED_BY(mutex_);
  // Estimated cost of all that waits and that a free worker could take.
  Duration backlog_ ABSL_GUARDED_BY(mutex_){0};
  Duration served_ ABSL_GUARDED_BY(mutex_){0};  // Where a queue that was empty enters fairness.
  std::vector<Worker*> sleeping_ ABSL_GUARDED_BY(mutex_);  // The last to fall asleep wakes first.
  Worker* guard_ ABSL_GUARDED_BY(mutex_) = nullptr;        // One of them, or null.
  int64_t accepted_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t rejected_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t forgotten_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t evicted_ ABSL_GUARDED_BY(mutex_) = 0;
  StandingQueue standing_ ABSL_GUARDED_BY(mutex_);
  const std::function<void(int)>* control_ ABSL_GUARDED_BY(mutex_) = nullptr;
  int control_left_ ABSL_GUARDED_BY(mutex_) = 0;
  CondVar control_done_;
};

}  // namespace tournant
