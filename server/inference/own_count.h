#pragma once

#include <atomic>
#include <cstdint>

namespace tournant {

// A number that one thread writes and any may read: no locked instruction, no lock.
class OwnCount {
 public:
  void Add(int64_t by) {
    value_.store(value_.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }
  int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> value_{0};
};

}  // namespace tournant
