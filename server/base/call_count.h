#pragma once

#include <atomic>
#include <cstdint>

namespace tournant {

// How many frames of detached coroutines exist: those of calls, the waiting slots included, or of
// work that goes on without a call. The drain waits until there are none: then nothing can post to
// a loop again. Thread-safe; outlives every frame.
class CallCount {
 public:
  // Held in a call's frame.
  class Member {
   public:
    explicit Member(CallCount& count) : count_(count) { count_.count_.fetch_add(1); }
    ~Member() {
      if (count_.count_.fetch_sub(1) == 1) count_.count_.notify_all();
    }
    Member(const Member&) = delete;
    Member& operator=(const Member&) = delete;

   private:
    CallCount& count_;
  };

  int64_t value() const { return count_.load(); }

  // Blocks until no frame is left.
  void WaitForZero() const {
    for (int64_t seen = count_.load(); seen != 0; seen = count_.load()) count_.wait(seen);
  }

 private:
  std::atomic<int64_t> count_{0};
};

}  // namespace tournant
