#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "admission/urgency.h"
#include "inference/inference_job.h"

namespace tournant {

// Where a job stands among those of its model: the least is served first.
struct JobOrder {
  Criticality criticality = kDefaultCriticality;
  bool beyond_share = false;
  uint32_t level = 0;    // Of priority.
  bool delayed = false;  // It has waited so long that those of its level that have not go first.
  TimePoint deadline;    // The same for all where only the arrival counts, and the class too.
  uint64_t arrival = 0;

  auto operator<=>(const JobOrder&) const = default;
};

// Jobs that may be executed together, in their order. A binary heap whose jobs know their place, so
// that a call which gives up is taken out in O(log n), and in which a queue that runs empty and
// fills again allocates nothing.
//
// Part of a ModelQueue and, like it, guarded by the pool's lock.
class JobHeap {
 public:
  // `key` is what its jobs have in common (see ModelQueue::GroupKey).
  explicit JobHeap(std::string key) : key_(std::move(key)) {}
  JobHeap(const JobHeap&) = delete;
  JobHeap& operator=(const JobHeap&) = delete;
  ~JobHeap();

  void Push(std::shared_ptr<InferenceJob> job, const JobOrder& order);
  // Not when empty.
  const InferenceJob& top() const { return *entries_.front().job; }
  const JobOrder& top_order() const { return entries_.front().order; }
  std::shared_ptr<InferenceJob> Pop() { return RemoveAt(0); }
  // Puts the first job behind those of its level that are not delayed.
  void DelayTop();
  // The job must wait here.
  std::shared_ptr<InferenceJob> Remove(const InferenceJob& job) { return RemoveAt(job.position_); }

  struct Entry {
    JobOrder order;
    std::shared_ptr<InferenceJob> job;

    bool Before(const Entry& other) const { return order < other.order; }
  };
  const std::vector<Entry>& entries() const { return entries_; }  // In no useful order.

  const std::string& key() const { return key_; }
  bool empty() const { return entries_.empty(); }
  int64_t jobs() const { return static_cast<int64_t>(entries_.size()); }
  int64_t rows() const { return rows_; }
  // When the job that has waited longest was submitted. O(n); not when empty.
  TimePoint Oldest() const;
  // The rows of the first job, of the first two together and so on, in their order, up to `most`.
  // Jobs that nobody waits for do not count. O(k log k) for k of them.
  std::vector<int64_t> RunningRows(int64_t most) const;

 private:
  std::shared_ptr<InferenceJob> RemoveAt(size_t position);
  void Put(size_t position, Entry&& entry);
  // Move `entry`, which has no place yet, from the free `position` to where it belongs.
  void SiftUp(size_t position, Entry&& entry);
  void SiftDown(size_t position, Entry&& entry);

  const std::string key_;
  std::vector<Entry> entries_;
  int64_t rows_ = 0;
};

}  // namespace tournant
