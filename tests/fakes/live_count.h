#pragma once

#include <atomic>

namespace tournant {

// Counts its living copies, so that a test can prove that coroutine frames free what they hold.
class LiveCount {
 public:
  LiveCount() { ++count(); }
  LiveCount(const LiveCount&) { ++count(); }
  LiveCount(LiveCount&&) noexcept { ++count(); }
  LiveCount& operator=(const LiveCount&) = default;
  ~LiveCount() { --count(); }

  static int alive() { return count(); }

 private:
  static std::atomic<int>& count() {
    static std::atomic<int> count{0};
    return count;
  }
};

}  // namespace tournant
