#pragma once

#include <cstddef>
#include <deque>
#include <utility>
#include <vector>

namespace tournant {

// A queue in pieces of many elements each. A std::deque has a piece of its own for every element as
// large as a record, and an allocator that is asked for many small pieces lays out a whole page of
// them, or several, at once: whoever asks then waits for the kernel to give them all. From a large
// piece it gets a page when the queue comes to it.
template <class T>
class RecordChunks {
 public:
  bool empty() const { return chunks_.empty(); }
  const T& front() const { return chunks_.front()[begin_]; }

  void PushBack(T value) {
    if (chunks_.empty() || chunks_.back().size() == kElements) {
      chunks_.emplace_back();
      chunks_.back().reserve(kElements);
    }
    chunks_.back().push_back(std::move(value));
  }
  void PushFront(T value) {
    if (begin_ == 0) {
      chunks_.emplace_front(kElements);
      begin_ = kElements;
    }
    chunks_.front()[--begin_] = std::move(value);
  }
  T PopFront() {
    T value = std::move(chunks_.front()[begin_]);
    if (++begin_ == chunks_.front().size()) {
      chunks_.pop_front();
      begin_ = 0;
    }
    return value;
  }
  template <class Visit>
  void ForEach(Visit visit) const {
    size_t at = begin_;
    for (const std::vector<T>& chunk : chunks_) {
      for (; at < chunk.size(); ++at) visit(chunk[at]);
      at = 0;
    }
  }

 private:
  static constexpr size_t kElements = 64;

  std::deque<std::vector<T>> chunks_;  // None is empty.
  size_t begin_ = 0;                   // In the first one.
};

}  // namespace tournant
