#include "inference/worker_pool.h"

#include <algorithm>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "inference/pool_worker.h"

namespace tournant {

WorkerPool::WorkerPool(const Clock& clock, Options options)
    : clock_(clock), options_(options), working_(options.workers) {
  for (int i = 0; i < options_.workers; ++i) {
    workers_.push_back(std::make_unique<Worker>(i, clock, options_.tracer));
    Worker& worker = *workers_.back();
    worker.thread = Thread(absl::StrCat("worker-", i), [this, &worker] { Work(worker); });
  }
}

WorkerPool::~WorkerPool() { Close(); }

std::shared_ptr<ModelQueue> WorkerPool::MakeQueue(const ModelConfig& config,
                                                  int64_t version) const {
  return std::make_shared<ModelQueue>(
      config, version,
      ModelQueue::Options{.max_jobs = options_.max_queue_jobs, .workers = options_.workers});
}

absl::Status WorkerPool::Submit(std::shared_ptr<InferenceJob> job) {
  ModelQueue* const queue = job->version->queue.get();
  if (queue == nullptr) {
    return absl::InternalError(absl::StrCat("model '", job->version->name, "' has no queue"));
  }
  const TimePoint now = clock_.Now();
  if (job->accepted == TimePoint()) job->accepted = now;
  queue->Admit(*job, now);
  std::string group_key = queue->GroupKey(*job);
  Duration full_backlog{0};
  Worker* wake = nullptr;
  std::shared_ptr<InferenceJob> evicted;
  {
    MutexLock lock(mutex_);
    if (closed_) return absl::UnavailableError("the server is shutting down");
    const bool was_empty = queue->empty();
    if (queue->Push(job, std::move(group_key), evicted)) {
      ++accepted_;
      if (evicted != nullptr) ++evicted_;
      Update(*queue, was_empty);
      if (!queue->AtLimit()) wake = NeedsWorker(now) ? TakeSleeper() : PostGuard();
    } else {
      ++rejected_;
      full_backlog = queue->Backlog();
    }
  }
  if (wake != nullptr) wake->wake.Signal();
  if (evicted != nullptr && evicted->Claim()) {
    evicted->status = queue->EvictedError();
    evicted->Resume();
  }
  // Push takes the job exactly when there is room.
  return job == nullptr ? absl::OkStatus() : queue->FullError(*job, full_backlog);
}

bool WorkerPool::Forget(const std::shared_ptr<InferenceJob>& job) {
  ModelQueue* const queue = job->version->queue.get();
  if (queue == nullptr) return false;
  std::shared_ptr<InferenceJob> removed;  // Released without the lock.
  MutexLock lock(mutex_);
  removed = queue->Remove(*job);
  if (removed == nullptr) return false;
  ++forgotten_;
  Update(*queue, false);
  return true;
}

Duration WorkerPool::NextFree(TimePoint now) const {
  Duration next = Duration::max();
  for (const auto& worker : workers_) {
    const TimePoint until = worker->busy_until.load(std::memory_order_relaxed);
    if (until <= now) return Duration::zero();
    next = std::min(next, until - now);
  }
  return next;
}

absl::Status WorkerPool::RunOnEveryWorker(const std::function<void(int worker)>& body) {
  MutexLock one_at_a_time(control_mutex_);
  {
    MutexLock lock(mutex_);
    if (closed_) return absl::UnavailableError("the server is shutting down");
    control_ = &body;
    control_left_ = static_cast<int>(workers_.size());
    for (const auto& worker : workers_) worker->has_control = true;
    while (!sleeping_.empty()) TakeSleeper()->wake.Signal();
    while (control_left_ > 0) control_done_.Wait(mutex_);
    control_ = nullptr;
  }
  return absl::OkStatus();
}

void WorkerPool::Close() {
  StopTaking();
  for (const auto& worker : workers_) worker->thread.Join();
}

bool WorkerPool::CloseWithin(std::chrono::milliseconds budget) {
  StopTaking();
  {
    MutexLock lock(mutex_);
    while (working_ > 0) {
      if (!all_ended_.WaitFor(mutex_, budget) && working_ > 0) return false;
    }
  }
  Close();
  return true;
}

void WorkerPool::StopTaking() {
  MutexLock lock(mutex_);
  closed_ = true;
  while (!sleeping_.empty()) TakeSleeper()->wake.Signal();
}

PoolStatus WorkerPool::Status() const {
  PoolStatus status;
  status.workers = options_.workers;
  {
    MutexLock lock(mutex_);
    status.awake = options_.workers - static_cast<int>(sleeping_.size());
    status.counts.accepted = accepted_;
    status.counts.rejected = rejected_;
    status.counts.unwanted = forgotten_;
    status.counts.shed = evicted_;
    for (const ModelQueue* queue : waiting_) {
      status.queues.push_back(
          {queue->name(), queue->version(), queue->jobs(), queue->rows(), queue->Backlog()});
    }
  }
  status.longest_execution = LongestExecution(clock_.Now());
  for (const auto& worker : workers_) {
    status.counts.ok += worker->ok.value();
    status.counts.failed += worker->failed.value();
    status.counts.expired += worker->expired.value();
    status.counts.shed += worker->shed.value();
    status.counts.unwanted += worker->unwanted.value();
    status.counts.executions += worker->executions.value();
    status.counts.rows += worker->rows.value();
    status.counts.computed += std::chrono::nanoseconds(worker->computed_ns.value());
    status.counts.wasted += std::chrono::nanoseconds(worker->wasted_ns.value());
    status.executing += worker->runner.executing();
  }
  return status;
}

Duration WorkerPool::LongestExecution(TimePoint now) const {
  Duration longest{0};
  for (const auto& worker : workers_) longest = std::max(longest, worker->runner.ExecutingFor(now));
  return longest;
}

void WorkerPool::Work(Worker& self) {
  for (;;) {
    switch (WaitForWork(self)) {
      case Next::kBatch:
        RunBatch(self);
        break;
      case Next::kControl:
        RunControl(self);
        break;
      case Next::kEnd:
        MutexLock lock(mutex_);
        if (--working_ == 0) all_ended_.SignalAll();
        return;
    }
  }
}

void WorkerPool::RunBatch(Worker& self) {
  const BatchOutcome outcome =
      self.runner.Run(self.taken, *self.queue, self.queue->buffer(self.index));
  self.busy_until.store(TimePoint::min(), std::memory_order_relaxed);
  if (!self.taken.jobs.empty()) self.queue->NoteExecuted(clock_.Now());
  if (outcome.cost > Duration::zero()) self.queue->cost().Learn(outcome.rows, outcome.cost);
  self.ok.Add(outcome.ok);
  self.failed.Add(outcome.failed);
  self.expired.Add(outcome.expired);
  self.shed.Add(outcome.shed);
  self.unwanted.Add(outcome.unwanted);
  self.executions.Add(outcome.executions);
  self.rows.Add(outcome.rows);
  self.computed_ns.Add(std::chrono::nanoseconds(outcome.computed).count());
  self.wasted_ns.Add(std::chrono::nanoseconds(outcome.wasted).count());
  if (self.queue->max_running() > 0) Release(*self.queue);
  self.queue = nullptr;
  self.taken.Clear();
}

void WorkerPool::RunControl(Worker& self) {
  const std::function<void(int)>* body = nullptr;
  {
    MutexLock lock(mutex_);
    body = control_;
  }
  (*body)(self.index);
  MutexLock lock(mutex_);
  if (--control_left_ == 0) control_done_.SignalAll();
}

WorkerPool::Next WorkerPool::WaitForWork(Worker& self) {
  Worker* wake = nullptr;
  {
    MutexLock lock(mutex_);
    for (;;) {
      if (self.has_control) {
        self.has_control = false;
        self.free_at = TimePoint::max();  // Warming up takes as long as it takes.
        return Next::kControl;
      }
      const TimePoint now = clock_.Now();
      self.free_at = now;
      std::optional<Duration> due_in;
      if (!waiting_.empty() && TakeBatch(self, now, due_in, wake)) break;
      // Nothing is delayed any more; what waits for its model's turn, the worker that is executing
      // the model will take.
      if (closed_) return Next::kEnd;
      Sleep(self, due_in);
    }
  }
  if (wake != nullptr) wake->wake.Signal();
  return Next::kBatch;
}

bool WorkerPool::TakeBatch(Worker& self, TimePoint now, std::optional<Duration>& due_in,
                           Worker*& wake) {
  const int free = 1 + static_cast<int>(sleeping_.size());
  struct Candidate {
    ModelQueue* queue;
    BatchDecision decision;
  };
  absl::InlinedVector<Candidate, 4> due;
  absl::InlinedVector<QueueHead, 4> heads;
  for (ModelQueue* queue : waiting_) {
    if (queue->AtLimit()) continue;
    BatchSnapshot snapshot = queue->Snapshot(now);
    snapshot.sharing =
        WorkersWorthUsing(queue->counted_backlog, FreeFor(*queue), options_.wake_threshold);
    snapshot.closing = closed_;
    const BatchDecision decision = DecideBatch(snapshot);
    if (decision.max_rows > 0) {
      due.push_back({queue, decision});
      heads.push_back({queue->Deadline(), queue->served, queue->TopUrgency()});
    } else if (!due_in || decision.wait < *due_in) {
      due_in = decision.wait;
    }
  }
  if (due.empty()) return false;

  const Candidate& picked = due[PickQueue(heads, options_.fairness_slack)];
  ModelQueue& queue = *picked.queue;
  queue.Take(picked.decision.max_rows, now, options_.checks_at_dispatch ? &standing_ : nullptr,
             self.taken);
  self.taken.started = now;
  self.queue = &queue;
  int64_t rows = 0;  // Of those that will be executed.
  for (const auto& job : self.taken.jobs) rows += job->rows;
  const Duration cost = rows > 0 ? queue.cost().EstimateCost(rows) : Duration::zero();
  self.free_at = now + cost;
  self.busy_until.store(now + cost, std::memory_order_relaxed);
  if (queue.max_running() > 0) ++queue.running;
  // Newcomers enter at the level of the least served, not at zero, or they would shut out others.
  Duration least = heads.front().served;
  for (const QueueHead& head : heads) least = std::min(least, head.served);
  served_ = std::max(served_, least);
  queue.served += cost;
  // The one woken takes its own share and wakes the next.
  const bool shared = WorkersWorthUsing(backlog_, free, options_.wake_threshold) > 1;
  Update(queue, false);
  const bool delayed = due_in.has_value() || (queue.delays() && !queue.empty() && !queue.AtLimit());
  if ((shared && AnyToTake()) || (delayed && !SomeoneWatches())) {
    wake = TakeSleeper();
  } else if (AnyToTake()) {
    wake = PostGuard();
  }
  return true;
}

void WorkerPool::Release(ModelQueue& queue) {
  // No need to wake anyone: the caller looks for work next.
  MutexLock lock(mutex_);
  --queue.running;
  Recount(queue);
}

int WorkerPool::FreeFor(const ModelQueue& queue) const {
  const int free = 1 + static_cast<int>(sleeping_.size());
  if (queue.max_running() == 0) return free;
  return static_cast<int>(std::min<int64_t>(free, queue.max_running() - queue.running));
}

bool WorkerPool::AnyToTake() const {
  return std::any_of(waiting_.begin(), waiting_.end(),
                     [](const ModelQueue* queue) { return !queue->AtLimit(); });
}

void WorkerPool::Update(ModelQueue& queue, bool was_empty) {
  Recount(queue);
  if (was_empty) {
    waiting_.push_back(&queue);
    queue.served = std::max(queue.served, served_);
  } else if (queue.empty()) {
    waiting_.erase(std::find(waiting_.begin(), waiting_.end(), &queue));
  }
}

void WorkerPool::Recount(ModelQueue& queue) {
  const Duration backlog = queue.AtLimit() ? Duration::zero() : queue.Backlog();
  backlog_ += backlog - queue.counted_backlog;
  queue.counted_backlog = backlog;
}

}  // namespace tournant
