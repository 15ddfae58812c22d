#pragma once

#include <coroutine>
#include <utility>
#include <vector>

#include "base/handoff.h"

namespace tournant {

// Calls to be resumed, collected by loop, so that each loop gets one post and one wake-up however
// many of its calls were in a batch. One thread only; its memory is reused.
class ResumeList {
 public:
  // After Claim() said true and the result has been written.
  void Add(const Handoff& handoff) {
    for (auto& [loop, waiters] : loops_) {
      if (loop != &handoff.home()) continue;
      waiters.push_back(handoff.waiter());
      return;
    }
    loops_.emplace_back(&handoff.home(), std::vector{handoff.waiter()});
  }

  void Post() {
    for (auto& [loop, waiters] : loops_) {
      if (waiters.empty()) continue;
      loop->PostAll(waiters);
      waiters.clear();
    }
  }

 private:
  // There are as many as event loops: a handful.
  std::vector<std::pair<EventLoop*, std::vector<std::coroutine_handle<>>>> loops_;
};

}  // namespace tournant
