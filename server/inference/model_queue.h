#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "admission/admission.h"
#include "admission/standing_queue.h"
#include "base/clock.h"
#include "inference/answer_order.h"
#include "inference/batch.h"
#include "inference/batching_policy.h"
#include "inference/cost_model.h"
#include "inference/inference_job.h"
#include "inference/job_heap.h"
#include "inference/taken_batch.h"
#include "inference/version_statistics.h"
#include "models/model_config.h"
#include "telemetry/latency_tracker.h"

namespace tournant {

// The jobs of one model version that wait for a worker, bounded; with what workers keep for that
// version: its cost model, its statistics and their buffers. By level of priority, and within one
// earliest deadline first: a deadline is what the caller asked for, and among callers with equal
// timeouts it is the order of arrival. With preserve_ordering only the arrival counts.
//
// Owned by its ModelVersion, which every waiting job holds. Except where said otherwise, guarded by
// the lock of the one pool that it is used with.
class ModelQueue {
 public:
  struct Options {
    int64_t max_jobs = 1000;  // Of a level, unless the config has its own max_queue_size.
    int workers = 1;          // Of the pool.
  };
  ModelQueue(const ModelConfig& config, int64_t version, Options options);

  // Any thread.
  const std::string& name() const { return name_; }
  int64_t version() const { return version_; }
  // Notes when the job came and what its queue policy makes of it. Before Push.
  void Admit(InferenceJob& job, TimePoint now) const;
  // What a job is answered with whose level is full, with the time in which `backlog` is worked
  // off.
  absl::Status FullError(const InferenceJob& job, Duration backlog) const;
  // What a job is answered with that had to make room.
  absl::Status EvictedError() const;
  // What jobs must have in common to be executed together: the shapes of their inputs without the
  // batch dimension, and which optional ones they lack. Empty where the config leaves no choice.
  std::string GroupKey(const InferenceJob& job) const;
  CostModel& cost() { return cost_; }
  const CostModel& cost() const { return cost_; }
  VersionStatistics& statistics() { return statistics_; }
  const VersionStatistics& statistics() const { return statistics_; }
  // What calls that were computed have waited here, and how long their executions took, of late.
  // Told by whoever needs to know; any thread.
  LatencyTracker& waiting() { return waiting_; }
  const LatencyTracker& waiting() const { return waiting_; }
  LatencyTracker& computing() { return computing_; }
  const LatencyTracker& computing() const { return computing_; }
  // Of this version's calls, for admission.
  VersionLoad& load() { return load_; }
  // As many rows as batches get where more wait than one takes: the cap, or what shapes, deadlines
  // and other workers leave.
  int64_t BatchRows() const;
  // The part of such a batch's cost that `rows` rows are.
  Duration ShareOfBatch(int64_t rows) const { return cost_.EstimateShare(rows, BatchRows()); }
  // Before which others of its class a call of this priority goes, where that is not a matter of
  // deadlines; the less the earlier.
  std::optional<size_t> RankOf(int64_t priority) const;
  // An execution has begun or ended. Any thread.
  void NoteExecuted(TimePoint now) { last_executed_.store(now, std::memory_order_relaxed); }
  TimePoint last_executed() const { return last_executed_.load(std::memory_order_relaxed); }
  // Null: answers leave as they come.
  AnswerOrder* answer_order() const { return answer_order_.get(); }
  // Executions at the same time that the config allows; 0: as many as there are workers.
  int64_t max_running() const { return max_running_; }
  // Worker `worker`'s own, touched by no other.
  BatchBuffer& buffer(int worker) { return *buffers_[static_cast<size_t>(worker)]; }

  // False, and nothing taken, when its level is full. A job of a class that matters more has room
  // all the same: the least urgent one is taken out for it, into `evicted`.
  bool Push(std::shared_ptr<InferenceJob>& job, std::string group_key,
            std::shared_ptr<InferenceJob>& evicted);
  // Takes a job out; null when it does not wait here (any more).
  std::shared_ptr<InferenceJob> Remove(const InferenceJob& job);

  bool empty() const { return jobs_ == 0; }
  int64_t jobs() const { return jobs_; }
  int64_t rows() const { return rows_; }
  // Of the most urgent job. Not when empty.
  TimePoint Deadline() const { return MostUrgent().top().deadline; }
  const JobOrder& top_order() const { return MostUrgent().top_order(); }
  // Of that job, also where only the arrival counts among those of this queue.
  Urgency TopUrgency() const { return MostUrgent().top().urgency; }
  // Of the group with the most urgent job; `sharing` and `closing` are left to the caller. Not when
  // empty.
  BatchSnapshot Snapshot(TimePoint now);
  // Takes jobs of that group: the first, and others while the sum stays within `max_rows`. Jobs
  // that nobody waits for, or that are too late, are taken besides, apart from the others; with
  // `standing` also those that it sheds, and those whose execution would end after their deadline,
  // and no batch grows beyond what ends before the deadlines of its jobs.
  void Take(int64_t max_rows, TimePoint now, StandingQueue* standing, TakenBatch& batch);

  // Estimated cost of all that waits.
  Duration Backlog() const;
  // Jobs may wait although a worker is free.
  bool delays() const { return max_queue_delay_ > Duration::zero(); }

  // The pool's notes, meaningless to this class.
  int64_t running = 0;  // Batches in execution; kept where max_running() is above 0.
  // No more may be in execution now.
  bool AtLimit() const { return max_running_ > 0 && running >= max_running_; }
  Duration counted_backlog{0};  // What the pool's sum holds for this queue.
  Duration served{0};           // Computing time given to it, for fairness.

 private:
  // What the config asks for the calls of one level of priority.
  struct Level {
    int64_t max_jobs = 0;
    Duration timeout{0};  // Zero: none.
    bool delays = false;  // Those that have waited so long are served late; else rejected.
    bool may_shorten = false;
    int64_t jobs = 0;  // That wait.
  };
  static std::vector<Level> MakeLevels(const ModelConfig& config, int64_t max_jobs);

  const JobHeap& MostUrgent() const;
  JobHeap& MostUrgent() { return const_cast<JobHeap&>(std::as_const(*this).MostUrgent()); }
  // Puts jobs that have waited too long, and are next, where their policy wants them.
  void DelayLateJobs(TimePoint now);
  static void DelayLateJobs(JobHeap& group, TimePoint now);
  uint32_t LevelOf(int64_t priority) const;
  void LearnBatchRows(int64_t taken);
  // Whether the execution of a job would end too late.
  bool Hopeless(const InferenceJob& job, TimePoint now) const;
  // The least urgent job of a level that is less urgent than `than`; null: there is none.
  const InferenceJob* LeastUrgent(uint32_t level, Urgency than) const;
  // The first job of all other groups; null without.
  const JobOrder* FirstBesides(const JobHeap& group) const;
  std::shared_ptr<InferenceJob> Count(std::shared_ptr<InferenceJob> removed);
  void DropIfEmpty(const JobHeap& group);
  void Drop(const JobHeap& group);

  const std::string name_;
  const int64_t version_;
  const int64_t max_batch_size_;
  const Duration max_queue_delay_;
  const std::vector<int64_t> preferred_sizes_;
  const int64_t max_running_;
  const uint32_t default_level_;
  const std::unique_ptr<AnswerOrder> answer_order_;
  const bool one_group_;  // All jobs can be executed together, or none with another.
  const std::vector<std::unique_ptr<BatchBuffer>> buffers_;

  CostModel cost_;
  VersionStatistics statistics_;
  LatencyTracker waiting_;
  LatencyTracker computing_;
  VersionLoad load_;
  std::vector<Level> levels_;  // At least one; constant but for `jobs`.
  const bool may_delay_;       // A level `delays`.
  // When an execution began or ended last; min: never.
  std::atomic<TimePoint> last_executed_{TimePoint::min()};
  std::atomic<double> batch_rows_{1e9};  // See BatchRows. Written under the pool's lock.
  uint64_t arrivals_ = 0;
  uint64_t turns_ = 0;  // Batches given to an AnswerOrder.
  int64_t jobs_ = 0;
  int64_t rows_ = 0;
  JobHeap group_{""};  // Jobs with an empty key.
  absl::flat_hash_map<std::string, std::unique_ptr<JobHeap>> other_groups_;
  // The group of the last job, and the only one of the others that may be empty: callers mostly ask
  // for one shape, and the queue runs empty between them.
  JobHeap* recent_ = nullptr;
};

}  // namespace tournant
