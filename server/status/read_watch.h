#pragma once

#include <sys/socket.h>

#include <utility>

#include "base/clock.h"
#include "base/mutex.h"

namespace tournant {

// Lets a thread read from a socket by means of a library that comes back only when it has all that
// it was asked for: another thread ends the read when it has lasted too long. One for each request,
// whose other thread would only wait for its end anyway.
class ReadWatch {
 public:
  explicit ReadWatch(const Clock& clock) : clock_(clock) {}  // Outlives this.
  ReadWatch(const ReadWatch&) = delete;
  ReadWatch& operator=(const ReadWatch&) = delete;

  // The thread that reads: a read from `socket` has until `deadline`. Then the socket is shut down
  // for reading, for good: its end is read. It stays open until EndRead.
  void BeginRead(int socket, TimePoint deadline) {
    MutexLock lock(mutex_);
    socket_ = socket;
    deadline_ = deadline;
    changed_.Signal();
  }
  // False: it was shut down.
  bool EndRead() {
    MutexLock lock(mutex_);
    return std::exchange(socket_, -1) >= 0;
  }
  // It will not read any more.
  void End() {
    MutexLock lock(mutex_);
    ended_ = true;
    changed_.Signal();
  }

  // The other thread: watches until End.
  void Run() {
    MutexLock lock(mutex_);
    while (!ended_) {
      if (socket_ < 0) {
        changed_.Wait(mutex_);
      } else if (const Duration left = deadline_ - clock_.Now(); left > Duration::zero()) {
        changed_.WaitFor(mutex_, left);
      } else {
        shutdown(socket_, SHUT_RD);
        socket_ = -1;
      }
    }
  }

 private:
  const Clock& clock_;
  Mutex mutex_;
  CondVar changed_;
  int socket_ ABSL_GUARDED_BY(mutex_) = -1;  // -1: nothing is read.
  TimePoint deadline_ ABSL_GUARDED_BY(mutex_);
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace tournant
