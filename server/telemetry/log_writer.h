#pragma once

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstddef>

#include "absl/strings/string_view.h"
#include "base/mutex.h"
#include "base/thread.h"
#include "telemetry/counter.h"
#include "telemetry/log_ring.h"

namespace tournant {

// Writes lines to a descriptor on a thread of its own, so that nobody waits for who reads them: a
// pipe that is full holds up this thread alone. What does not fit into the memory for lines
// meanwhile is dropped, counted, and told once there is room again.
class LogWriter {
 public:
  struct Options {
    int descriptor = STDERR_FILENO;
    size_t bytes = size_t{1} << 20;  // Of lines that wait.
  };

  LogWriter() : LogWriter(Options{}) {}
  explicit LogWriter(Options options);
  ~LogWriter();  // Stops without waiting for a reader.

  // A line with its newline. Never waits. Any thread.
  void Write(absl::string_view line);
  // Waits until all that was written before is out, for so long at most; false: it is not.
  bool Flush(std::chrono::milliseconds budget);
  // The same, and ends the thread. Lines that come later are written by who has them.
  void Stop(std::chrono::milliseconds budget);

  uint64_t dropped() const { return dropped_.value(); }

  // What waits, straight to the descriptor, for a process that is about to die of a signal. Takes
  // no lock and no memory; a line may come twice.
  void WriteWhatWaits() const;

 private:
  void Run();
  // Part of `bytes`, or nothing after a while without a reader.
  size_t WriteSome(absl::string_view bytes) const;

  const Options options_;
  Counter dropped_;
  std::atomic<bool> give_up_{false};  // Nobody waits for the rest any more.

  Mutex mutex_;
  CondVar changed_;
  CondVar written_;
  LogRing ring_;                                 // Guarded by mutex_, but for WriteWhatWaits.
  uint64_t untold_ ABSL_GUARDED_BY(mutex_) = 0;  // Dropped since the last line that told of it.
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;

  Thread thread_;
};

// A line straight to a descriptor, however long that takes.
void WriteNow(int descriptor, absl::string_view text);

}  // namespace tournant
