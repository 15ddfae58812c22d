#pragma once

#include "base/run_on_loop.h"
#include "base/thread.h"
#include "fakes/manual_clock.h"
#include "fakes/manual_loop.h"

namespace tournant {

// A manual loop that a thread of its own runs, until it is destroyed, for callers that block.
class LoopThread {
 public:
  explicit LoopThread(ManualClock& clock) : loop_(clock) {
    thread_ = Thread("loop", [this] {
      while (!ended_) loop_.WaitAndRun();
    });
  }
  ~LoopThread() {
    RunOnLoop(loop_, [this] { ended_ = true; });
    thread_.Join();
  }
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;

  ManualLoop& loop() { return loop_; }

 private:
  ManualLoop loop_;
  bool ended_ = false;  // The loop's thread only.
  Thread thread_;
};

}  // namespace tournant
