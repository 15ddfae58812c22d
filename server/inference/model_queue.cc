#include "inference/model_queue.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace tournant {
namespace {

bool LeavesNoChoice(const ModelConfig& config) {
  if (config.max_batch_size == 0) return true;
  return std::all_of(config.inputs.begin(), config.inputs.end(), [](const TensorSpec& input) {
    return !input.optional &&
           std::all_of(input.dims.begin(), input.dims.end(), [](int64_t dim) { return dim >= 0; });
  });
}

std::vector<std::unique_ptr<BatchBuffer>> MakeBuffers(int count) {
  std::vector<std::unique_ptr<BatchBuffer>> buffers;
  buffers.reserve(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) buffers.push_back(std::make_unique<BatchBuffer>());
  return buffers;
}

// 0 to 1: of the time that it had when it came.
double PartUsed(const InferenceJob& job, TimePoint now) {
  const Duration all = job.deadline - job.accepted;
  if (all <= Duration::zero()) return 1;
  return static_cast<double>((now - job.accepted).count()) / static_cast<double>(all.count());
}

void AppendNumber(int64_t number, std::string& key) {
  key.append(reinterpret_cast<const char*>(&number), sizeof(number));
}

}  // namespace

std::vector<ModelQueue::Level> ModelQueue::MakeLevels(const ModelConfig& config, int64_t max_jobs) {
  const Batching& batching = config.batching;
  std::vector<Level> levels;
  const auto add = [&](const QueuePolicy& policy) {
    Level level;
    level.max_jobs = policy.max_queue_size > 0 ? policy.max_queue_size : max_jobs;
    level.timeout = std::chrono::microseconds(policy.default_timeout_us);
    level.delays = policy.timeout_action == QueuePolicy::TimeoutAction::kDelay;
    level.may_shorten = policy.allow_timeout_override;
    levels.push_back(level);
  };
  if (batching.priority_levels == 0) add(batching.default_policy);
  for (int64_t level = 1; level <= batching.priority_levels; ++level) {
    add(batching.PolicyOf(level));
  }
  return levels;
}

ModelQueue::ModelQueue(const ModelConfig& config, int64_t version, Options options)
    : name_(config.name),
      version_(version),
      max_batch_size_(config.max_batch_size),
      max_queue_delay_(std::chrono::microseconds(config.batching.max_queue_delay_us)),
      preferred_sizes_(config.batching.preferred_batch_sizes),
      max_running_(config.max_concurrency < options.workers ? config.max_concurrency : 0),
      default_level_(
          static_cast<uint32_t>(std::max<int64_t>(config.batching.default_priority_level, 1) - 1)),
      answer_order_(config.batching.preserve_ordering ? std::make_unique<AnswerOrder>() : nullptr),
      one_group_(LeavesNoChoice(config)),
      buffers_(MakeBuffers(options.workers)),
      levels_(MakeLevels(config, options.max_jobs)),
      may_delay_(std::any_of(levels_.begin(), levels_.end(),
                             [](const Level& level) { return level.delays; })) {}

uint32_t ModelQueue::LevelOf(int64_t priority) const {
  const uint32_t level = priority > 0 ? static_cast<uint32_t>(priority - 1) : default_level_;
  // Callers check priorities; a model without levels has none to check.
  return std::min(level, static_cast<uint32_t>(levels_.size() - 1));
}

void ModelQueue::Admit(InferenceJob& job, TimePoint now) const {
  job.enqueued = now;
  job.level_ = LevelOf(job.priority);
  const Level& level = levels_[job.level_];
  TimePoint late = TimePoint::max();
  if (level.timeout > Duration::zero()) late = now + level.timeout;
  if (level.may_shorten && job.timeout > Duration::zero()) {
    // Not after the deadline, which the timeout of the request is counted in already.
    late = std::min({late, now + job.timeout, job.deadline});
  }
  job.reject_at = level.delays ? TimePoint::max() : late;
  job.delay_at_ = level.delays ? late : TimePoint::max();
}

absl::Status ModelQueue::FullError(const InferenceJob& job, Duration backlog) const {
  constexpr std::chrono::milliseconds kLeast{10};
  constexpr std::chrono::milliseconds kMost{1000};
  const auto workers = static_cast<int64_t>(max_running_ > 0 ? max_running_ : buffers_.size());
  const auto drained = std::chrono::duration_cast<std::chrono::milliseconds>(
      backlog / std::max<int64_t>(1, workers));
  return Overloaded("QUEUE_FULL", std::clamp(drained, kLeast, kMost),
                    absl::StrCat("Exceeds maximum queue size: ", levels_[job.level_].max_jobs,
                                 " calls wait for model '", name_, "'"));
}

absl::Status ModelQueue::EvictedError() const {
  return Overloaded("QUEUE_FULL", kNever,
                    absl::StrCat("the queue of model '", name_,
                                 "' is full, and calls of a class that matters more have come"));
}

std::string ModelQueue::GroupKey(const InferenceJob& job) const {
  std::string key;
  if (one_group_) return key;
  for (const Tensor& input : job.inputs) {
    // A byte each, so that the key of one matrix needs no memory beyond the string itself.
    key.push_back(static_cast<char>(input.type));
    key.push_back(static_cast<char>(input.shape.size()));
    for (size_t i = 1; i < input.shape.size(); ++i) AppendNumber(input.shape[i], key);
  }
  return key;
}

bool ModelQueue::Push(std::shared_ptr<InferenceJob>& job, std::string group_key,
                      std::shared_ptr<InferenceJob>& evicted) {
  Level& level = levels_[job->level_];
  if (level.jobs >= level.max_jobs) {
    const InferenceJob* const least = LeastUrgent(job->level_, job->urgency);
    if (least == nullptr) return false;
    evicted = Remove(*least);
  }
  ++level.jobs;
  ++jobs_;
  rows_ += job->rows;
  JobOrder order;
  order.level = job->level_;
  order.arrival = arrivals_++;
  if (answer_order_ == nullptr) {
    order.criticality = job->urgency.criticality;
    order.beyond_share = job->urgency.beyond_share;
    order.deadline = job->deadline;
  }
  if (group_key.empty()) {
    group_.Push(std::move(job), order);
    return true;
  }
  if (recent_ == nullptr || recent_->key() != group_key) {
    if (recent_ != nullptr && recent_->empty()) Drop(*recent_);
    std::unique_ptr<JobHeap>& group = other_groups_[group_key];
    if (group == nullptr) group = std::make_unique<JobHeap>(std::move(group_key));
    recent_ = group.get();
  }
  recent_->Push(std::move(job), order);
  return true;
}

std::shared_ptr<InferenceJob> ModelQueue::Remove(const InferenceJob& job) {
  if (job.position_ == InferenceJob::kNotQueued) return nullptr;
  JobHeap& group = *job.heap_;
  std::shared_ptr<InferenceJob> removed = Count(group.Remove(job));
  DropIfEmpty(group);
  return removed;
}

std::shared_ptr<InferenceJob> ModelQueue::Count(std::shared_ptr<InferenceJob> removed) {
  --levels_[removed->level_].jobs;
  --jobs_;
  rows_ -= removed->rows;
  return removed;
}

const JobHeap& ModelQueue::MostUrgent() const {
  const JobHeap* best = group_.empty() ? nullptr : &group_;
  for (const auto& [key, group] : other_groups_) {
    if (group->empty()) continue;
    if (best == nullptr || group->top_order() < best->top_order()) best = group.get();
  }
  return *best;
}

// Linear, as no order of the heaps helps; only where a config bounds the queue, and it is full.
const InferenceJob* ModelQueue::LeastUrgent(uint32_t level, Urgency than) const {
  const JobHeap::Entry* least = nullptr;
  const auto look = [&](const JobHeap& group) {
    for (const JobHeap::Entry& entry : group.entries()) {
      // The order does not tell where only the arrival counts.
      const Urgency urgency = entry.job->urgency;
      if (entry.order.level != level || urgency <= than) continue;
      if (least == nullptr ||
          std::tie(least->job->urgency, least->order) < std::tie(urgency, entry.order)) {
        least = &entry;
      }
    }
  };
  look(group_);
  for (const auto& [key, group] : other_groups_) look(*group);
  return least != nullptr ? least->job.get() : nullptr;
}

bool ModelQueue::Hopeless(const InferenceJob& job, TimePoint now) const {
  const Duration cost = cost_.EstimateCost(job.rows);
  if (now + cost <= job.deadline) return false;
  const TimePoint last = last_executed();
  return last != TimePoint::min() && now < last + ProbeAfter(cost);
}

void ModelQueue::DelayLateJobs(TimePoint now) {
  if (!may_delay_) return;
  DelayLateJobs(group_, now);
  for (const auto& [key, group] : other_groups_) DelayLateJobs(*group, now);
}

// Only at the top: elsewhere it makes no difference yet.
void ModelQueue::DelayLateJobs(JobHeap& group, TimePoint now) {
  while (!group.empty() && !group.top_order().delayed && group.top().delay_at_ <= now) {
    group.DelayTop();
  }
}

const JobOrder* ModelQueue::FirstBesides(const JobHeap& besides) const {
  const JobOrder* first = nullptr;
  const auto look = [&](const JobHeap& group) {
    if (&group == &besides || group.empty()) return;
    if (first == nullptr || group.top_order() < *first) first = &group.top_order();
  };
  look(group_);
  for (const auto& [key, group] : other_groups_) look(*group);
  return first;
}

BatchSnapshot ModelQueue::Snapshot(TimePoint now) {
  DelayLateJobs(now);
  const JobHeap& group = MostUrgent();
  BatchSnapshot snapshot;
  snapshot.waiting_rows = group.rows();
  snapshot.max_batch_size = max_batch_size_;
  snapshot.useful_rows = cost_.UsefulRows();
  if (!preferred_sizes_.empty()) {
    snapshot.preferred_rows =
        PreferredRows(group.RunningRows(preferred_sizes_.back()), preferred_sizes_);
  }
  snapshot.max_queue_delay = max_queue_delay_;
  if (max_queue_delay_ > Duration::zero()) snapshot.oldest_wait = now - group.Oldest();
  return snapshot;
}

void ModelQueue::Take(int64_t max_rows, TimePoint now, StandingQueue* standing, TakenBatch& batch) {
  DelayLateJobs(now);
  JobHeap& group = MostUrgent();
  // Answers that must leave in order cannot be computed before those of other shapes between them.
  const JobOrder* const until = answer_order_ != nullptr ? FirstBesides(group) : nullptr;
  int64_t taken = 0;
  TimePoint first_deadline = TimePoint::max();  // Of the jobs of the batch.
  while (!group.empty()) {
    if (may_delay_) DelayLateJobs(group, now);
    if (until != nullptr && *until < group.top_order()) break;
    const InferenceJob& next = group.top();
    auto* list = &batch.jobs;
    if (next.claimed()) {
      list = &batch.unwanted;
    } else if (next.deadline <= now || next.reject_at <= now) {
      list = &batch.expired;
    } else if (standing != nullptr && Hopeless(next, now)) {
      list = &batch.hopeless;
    } else if (taken > 0 &&
               (taken + next.rows > max_rows ||
                (standing != nullptr && now + cost_.EstimateCost(taken + next.rows) >
                                            std::min(first_deadline, next.deadline)))) {
      break;
    } else if (standing != nullptr && standing->ShouldShed(now, PartUsed(next, now))) {
      list = &batch.shed;
    } else {
      taken += next.rows;
      first_deadline = std::min(first_deadline, next.deadline);
    }
    list->push_back(Count(group.Pop()));
  }
  if (taken > 0) {
    LearnBatchRows(taken);
    // Also of one that will fail, or that nobody will wait for: it is being tried.
    NoteExecuted(now);
  }
  if (answer_order_ != nullptr && !batch.jobs.empty()) batch.turn = turns_++;
  DropIfEmpty(group);
}

Duration ModelQueue::Backlog() const {
  if (rows_ == 0) return Duration::zero();
  return cost_.EstimateBacklog(rows_, BatchRows());
}

void ModelQueue::LearnBatchRows(int64_t taken) {
  constexpr double kStep = 0.1;
  const auto rows = static_cast<double>(taken);
  const double known = std::min(batch_rows_.load(std::memory_order_relaxed),
                                static_cast<double>(BatchCap(max_batch_size_, cost_.UsefulRows())));
  // A batch that took all that waited might have been larger.
  const double learnt = rows_ > 0 ? known + kStep * (rows - known) : std::max(known, rows);
  batch_rows_.store(learnt, std::memory_order_relaxed);
}

int64_t ModelQueue::BatchRows() const {
  const int64_t cap = BatchCap(max_batch_size_, cost_.UsefulRows());
  const double learnt = batch_rows_.load(std::memory_order_relaxed);
  return learnt >= static_cast<double>(cap) ? cap : std::max<int64_t>(1, std::llround(learnt));
}

std::optional<size_t> ModelQueue::RankOf(int64_t priority) const {
  if (levels_.size() == 1) return std::nullopt;
  return LevelOf(priority);
}

void ModelQueue::DropIfEmpty(const JobHeap& group) {
  if (!group.empty() || &group == &group_ || &group == recent_) return;
  Drop(group);
}

void ModelQueue::Drop(const JobHeap& group) {
  other_groups_.erase(other_groups_.find(group.key()));
}

}  // namespace tournant
