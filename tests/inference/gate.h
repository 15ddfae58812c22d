#pragma once

#include "base/mutex.h"

namespace tournant {

// Holds the threads that pass through it until the test lets them go. Thread-safe.
class Gate {
 public:
  // Blocks until a place has been opened.
  void Pass() {
    MutexLock lock(mutex_);
    ++arrived_;
    changed_.SignalAll();
    while (places_ == 0) changed_.Wait(mutex_);
    --places_;
  }
  // Blocks until `count` have arrived, gone or not.
  void WaitForArrivals(int count) {
    MutexLock lock(mutex_);
    while (arrived_ < count) changed_.Wait(mutex_);
  }
  void Open(int places) {
    MutexLock lock(mutex_);
    places_ += places;
    changed_.SignalAll();
  }
  // Lets `places` threads go and counts arrivals from zero again.
  void Reopen(int places) {
    MutexLock lock(mutex_);
    arrived_ = 0;
    places_ += places;
    changed_.SignalAll();
  }
  // From now on nobody is held.
  void OpenForGood() { Open(1'000'000); }
  int arrived() {
    MutexLock lock(mutex_);
    return arrived_;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  int places_ ABSL_GUARDED_BY(mutex_) = 0;
  int arrived_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace tournant
