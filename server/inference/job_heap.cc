#include "inference/job_heap.h"

#include <algorithm>

namespace tournant {

JobHeap::~JobHeap() {
  for (const Entry& entry : entries_) {
    entry.job->heap_ = nullptr;
    entry.job->position_ = InferenceJob::kNotQueued;
  }
}

void JobHeap::Push(std::shared_ptr<InferenceJob> job, const JobOrder& order) {
  rows_ += job->rows;
  job->heap_ = this;
  Entry entry{order, std::move(job)};
  entries_.emplace_back();
  SiftUp(entries_.size() - 1, std::move(entry));
}

void JobHeap::DelayTop() {
  Entry entry = std::move(entries_.front());
  entry.order.delayed = true;
  SiftDown(0, std::move(entry));
}

TimePoint JobHeap::Oldest() const {
  TimePoint oldest = entries_.front().job->enqueued;
  for (const Entry& entry : entries_) oldest = std::min(oldest, entry.job->enqueued);
  return oldest;
}

std::vector<int64_t> JobHeap::RunningRows(int64_t most) const {
  std::vector<int64_t> sums;
  if (entries_.empty()) return sums;
  // The next one is always among the children of those before it.
  std::vector<size_t> next = {0};
  const auto later = [this](size_t a, size_t b) { return entries_[b].Before(entries_[a]); };
  int64_t sum = 0;
  while (!next.empty()) {
    std::pop_heap(next.begin(), next.end(), later);
    const size_t position = next.back();
    next.pop_back();
    const InferenceJob& job = *entries_[position].job;
    if (!job.claimed()) {
      sum += job.rows;
      if (sum > most) break;
      sums.push_back(sum);
    }
    for (size_t child = 2 * position + 1; child <= 2 * position + 2; ++child) {
      if (child >= entries_.size()) break;
      next.push_back(child);
      std::push_heap(next.begin(), next.end(), later);
    }
  }
  return sums;
}

std::shared_ptr<InferenceJob> JobHeap::RemoveAt(size_t position) {
  std::shared_ptr<InferenceJob> job = std::move(entries_[position].job);
  Entry last = std::move(entries_.back());
  entries_.pop_back();
  if (position < entries_.size()) {
    if (position > 0 && last.Before(entries_[(position - 1) / 2])) {
      SiftUp(position, std::move(last));
    } else {
      SiftDown(position, std::move(last));
    }
  }
  rows_ -= job->rows;
  job->heap_ = nullptr;
  job->position_ = InferenceJob::kNotQueued;
  return job;
}

void JobHeap::Put(size_t position, Entry&& entry) {
  entry.job->position_ = position;
  entries_[position] = std::move(entry);
}

void JobHeap::SiftUp(size_t position, Entry&& entry) {
  while (position > 0) {
    const size_t parent = (position - 1) / 2;
    if (!entry.Before(entries_[parent])) break;
    Put(position, std::move(entries_[parent]));
    position = parent;
  }
  Put(position, std::move(entry));
}

void JobHeap::SiftDown(size_t position, Entry&& entry) {
  for (;;) {
    size_t child = 2 * position + 1;
    if (child >= entries_.size()) break;
    if (child + 1 < entries_.size() && entries_[child + 1].Before(entries_[child])) ++child;
    if (!entries_[child].Before(entry)) break;
    Put(position, std::move(entries_[child]));
    position = child;
  }
  Put(position, std::move(entry));
}

}  // namespace tournant
