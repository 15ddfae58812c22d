#pragma once

#include <cstdint>
#include <utility>

#include "base/mutex.h"
#include "cpp/latency_histogram.h"

namespace tournant::client {

// What one thread of a load test has done since it was last asked. Thread-safe.
class LiveCounts {
 public:
  struct Window {
    int64_t sent = 0;
    int64_t ok = 0;
    int64_t failed = 0;
    int64_t unsent = 0;
    int64_t in_flight = 0;       // At this moment.
    LatencyHistogram latencies;  // Of the calls that ended well.

    void Merge(const Window& other) {
      sent += other.sent;
      ok += other.ok;
      failed += other.failed;
      unsent += other.unsent;
      in_flight += other.in_flight;
      latencies.Merge(other.latencies);
    }
  };

  void AddSent() {
    const MutexLock lock(mutex_);
    ++window_.sent;
    ++window_.in_flight;
  }
  void AddUnsent() {
    const MutexLock lock(mutex_);
    ++window_.unsent;
  }
  void AddEnd(bool ok, Duration latency) {
    const MutexLock lock(mutex_);
    --window_.in_flight;
    ++(ok ? window_.ok : window_.failed);
    if (ok) window_.latencies.Add(latency);
  }

  Window Take() {
    const MutexLock lock(mutex_);
    Window next;
    next.in_flight = window_.in_flight;
    return std::exchange(window_, std::move(next));
  }

 private:
  Mutex mutex_;
  Window window_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tournant::client
