#pragma once

#include <cstdint>

#include "base/mutex.h"

namespace tournant {

// How many predictions over HTTP may be on their way at once. Each holds one of the HTTP server's
// threads from before its body is read until its answer is out, however slowly that is taken. So
// there are fewer places than threads: those that are left are for probes and scrapers. The bytes
// are those that a client says it will send: it has to send them at ConnectionBody's pace, or loses
// its place. Any thread.
class WaitingRoom {
 public:
  struct Limits {
    int calls = 8;
    int64_t bytes = 64 << 20;  // Of their bodies together. One may use it all.
  };

  // A place, or none: look at it before going on. Lives no longer than the room.
  class Place {
   public:
    Place(WaitingRoom& room, int64_t bytes) : room_(room), bytes_(bytes) {
      MutexLock lock(room_.mutex_);
      held_ = room_.calls_ < room_.limits_.calls && bytes <= room_.limits_.bytes - room_.bytes_;
      if (!held_) return;
      ++room_.calls_;
      room_.bytes_ += bytes_;
    }
    ~Place() {
      if (!held_) return;
      MutexLock lock(room_.mutex_);
      --room_.calls_;
      room_.bytes_ -= bytes_;
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

    bool held() const { return held_; }

   private:
    WaitingRoom& room_;
    const int64_t bytes_;
    bool held_ = false;
  };

  explicit WaitingRoom(Limits limits) : limits_(limits) {}

 private:
  const Limits limits_;
  Mutex mutex_;
  int calls_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace tournant
