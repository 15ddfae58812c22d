#pragma once

#include <atomic>
#include <cstddef>
#include <memory>

#include "absl/strings/string_view.h"

namespace tournant {

// Lines that wait to be written, in so many bytes of memory and no more. One user at a time; only
// Parts may be asked for at any moment, by who finds the process dying.
class LogRing {
 public:
  explicit LogRing(size_t capacity)
      : capacity_(capacity), bytes_(std::make_unique<char[]>(capacity)) {}

  // The whole line, or false.
  bool Push(absl::string_view line);

  bool empty() const { return size() == 0; }
  size_t room() const { return capacity_ - size(); }
  size_t size() const { return size_.load(std::memory_order_relaxed); }

  // Copies what comes next, `most` bytes at most, and as many whole lines of it as there are: only
  // a line that is longer comes in pieces. Returns the number of bytes, which Pop takes out.
  size_t Peek(char* to, size_t most) const;
  void Pop(size_t bytes);

  // All that waits, in order; safe in a signal handler.
  struct Contents {
    absl::string_view first;
    absl::string_view second;
  };
  Contents Parts() const;

 private:
  const size_t capacity_;
  const std::unique_ptr<char[]> bytes_;
  std::atomic<size_t> head_{0};
  std::atomic<size_t> size_{0};
};

}  // namespace tournant
