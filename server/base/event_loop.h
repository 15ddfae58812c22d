#pragma once

#include "base/executor.h"
#include "base/timer.h"

namespace tournant {

// The home of a call: an executor with timers. One thread runs it; a call lives on that thread
// except while it awaits. Implemented by cq/CqLoop and, in tests, fakes/ManualLoop.
class EventLoop : public Executor {
 public:
  // The loop's own thread only.
  virtual void AddTimer(Timer& timer, TimePoint when) = 0;
  virtual void RemoveTimer(Timer& timer) = 0;
};

}  // namespace tournant
