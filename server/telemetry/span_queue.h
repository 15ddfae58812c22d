#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/mutex.h"
#include "base/thread.h"
#include "telemetry/counter.h"
#include "telemetry/log_limiter.h"
#include "telemetry/span.h"
#include "telemetry/span_exporter.h"

namespace tournant {

// Spans on their way out: a bounded queue, and a thread that sends them in batches. While the
// collector is away the batch in hand is tried again, less and less often, and what does not fit
// into the queue meanwhile is dropped and counted. Added = exported + dropped + in memory, always.
//
// Owned by main; ends with Close.
class SpanQueue final : public SpanSink {
 public:
  struct Options {
    size_t max_spans = 8192;                   // That wait; about 0.5 kB each.
    size_t max_batch = 512;                    // Sent at once.
    std::chrono::milliseconds period{1000};    // How long a batch waits to be full.
    std::chrono::milliseconds timeout{10000};  // Of one call to the collector.
    ExportBackoff backoff = {};
  };
  enum class Dropped : size_t {
    kQueueFull,  // The queue had no room.
    kRefused,    // The collector does not want them.
    kShutdown,   // The server ended before they were out.
  };
  static constexpr size_t kReasons = 3;
  static absl::string_view ReasonName(size_t reason);

  explicit SpanQueue(std::unique_ptr<SpanExporter> exporter) : SpanQueue(std::move(exporter), {}) {}
  SpanQueue(std::unique_ptr<SpanExporter> exporter, Options options);
  ~SpanQueue() override;  // Closes without waiting.

  void Add(std::vector<Span> spans) override;

  // Sends what is there, for so long at most, and ends. Logs how many spans were dropped since the
  // start, where there are any. What is added later is dropped too.
  void Close(std::chrono::milliseconds budget);

  uint64_t exported() const { return exported_.value(); }
  uint64_t dropped(Dropped reason) const { return dropped_[static_cast<size_t>(reason)].value(); }
  uint64_t failures() const { return failures_.value(); }  // Calls to the collector that failed.
  size_t waiting() const;                                  // Those that are being sent included.

 private:
  void Run();
  // Fills `batch`, which is empty; false when there is nothing left and the queue is closed.
  bool Take(std::vector<Span>& batch);
  // Until they are out, or are to be given up.
  void Send(const std::vector<Span>& batch);
  void Drop(Dropped reason, size_t count) { dropped_[static_cast<size_t>(reason)].Add(count); }
  void WaitBeforeAgain(int failures);
  void NoteReached();
  void NoteAway(const absl::Status& why, bool last);
  void LogLosses() const;
  bool closing() const;

  const std::unique_ptr<SpanExporter> exporter_;
  const Options options_;
  Counter exported_;
  Counter failures_;
  std::array<Counter, kReasons> dropped_;
  // The sending thread's.
  LogLimiter refusals_;
  bool away_ = false;  // The last call has not reached the collector.

  mutable Mutex mutex_;
  CondVar changed_;  // A batch is full, or the queue is closed.
  CondVar closed_;
  CondVar ended_;
  std::vector<Span> queue_ ABSL_GUARDED_BY(mutex_);
  size_t sending_ ABSL_GUARDED_BY(mutex_) = 0;
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  bool has_ended_ ABSL_GUARDED_BY(mutex_) = false;

  Thread thread_;
};

}  // namespace tournant
