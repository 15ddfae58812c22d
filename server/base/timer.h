#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <vector>

#include "base/clock.h"

namespace tournant {

// Something to be told that a moment has come. Lives in the waiting coroutine's frame; touched only
// by the thread of the loop that it was added to. Must be removed, or have fired, before it dies.
class Timer {
 public:
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  TimePoint when() const { return when_; }
  bool pending() const { return place_ != kNowhere; }

 protected:
  ~Timer() = default;

 private:
  friend class TimerQueue;
  // Called once, on the loop's thread, not before `when`. May destroy the timer.
  virtual void OnTimer() = 0;

  static constexpr size_t kNowhere = std::numeric_limits<size_t>::max();

  TimePoint when_{};
  size_t place_ = kNowhere;  // In the queue's heap.
};

// The timers of one loop, earliest first. Nearly all are removed before they are due, mostly in the
// order in which they were added: a binary heap whose timers know their place makes both cheap.
// One thread only.
class TimerQueue {
 public:
  void Add(Timer& timer, TimePoint when);
  void Remove(Timer& timer);  // No effect when it is not pending.

  // When the earliest is due; empty without timers.
  std::optional<TimePoint> Next() const;
  // Fires all that are due at `now`; timers may be added and removed meanwhile.
  size_t FireDue(TimePoint now);
  size_t size() const { return heap_.size(); }

 private:
  struct Entry {
    TimePoint when;
    Timer* timer;
  };

  void Put(size_t place, Entry entry) {
    entry.timer->place_ = place;
    heap_[place] = entry;
  }
  // Move `entry`, which has no place yet, from the free `place` to where it belongs.
  void SiftUp(size_t place, Entry entry);
  void SiftDown(size_t place, Entry entry);

  std::vector<Entry> heap_;
};

}  // namespace tournant
