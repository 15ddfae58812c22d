#pragma once

#include <chrono>
#include <cstdint>

namespace tournant {

class MetricsRegistry;

// While it lives, Log leaves the writing to a thread of its own (LogWriter), and lines that wait
// are written when the process aborts. Without it Log writes by itself: in tests and before main
// has begun. One at a time, in main, after the signals are blocked; outlives every other thread.
class AsyncLog {
 public:
  AsyncLog();
  ~AsyncLog();  // Writes what is left, for a second at most.
  AsyncLog(const AsyncLog&) = delete;
  AsyncLog& operator=(const AsyncLog&) = delete;

  static void RegisterWith(MetricsRegistry& metrics);  // tournant_log_lines_dropped_total
};

// Waits until all lines are out, for a second at most: for who is about to call _exit.
void FlushLog();

}  // namespace tournant
