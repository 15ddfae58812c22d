#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "base/thread.h"
#include "predictions/log_files.h"
#include "predictions/prediction_record.h"
#include "predictions/segment_writer.h"
#include "telemetry/status_source.h"

namespace tournant {

// What has become of the records, at one moment. Always
//   enqueued = durable + dropped_full + dropped_oversize + dropped_serialize + dropped_io
//            + dropped_shutdown + in_memory.
struct PredictionLogCounters {
  uint64_t enqueued = 0;           // Handed to Record.
  uint64_t durable = 0;            // On the disk.
  uint64_t dropped_full = 0;       // The queue had no room.
  uint64_t dropped_oversize = 0;   // One record was larger than allowed.
  uint64_t dropped_serialize = 0;  // It could not be encoded.
  uint64_t dropped_io = 0;         // The disk refused.
  uint64_t dropped_shutdown = 0;   // Came after Close, or was left when its time was up.
  uint64_t in_memory = 0;          // Queued, or being written.
  uint64_t in_memory_bytes = 0;    // What those take; not part of the sum.
};

// Saves predictions in framed files (record_frame.h) by a thread of its own: best effort, bounded,
// counted. Record moves the record into a queue under a short lock and is never held up by the
// disk; what finds no room is dropped. The writer gathers for flush_interval or flush_bytes,
// encodes, writes and syncs. Where the disk fails it drops, counts, and tries a new file with the
// next records.
//
// Owned by main, outlives the Predictor. Any thread, but for Close. The writer thread ends in Close
// or the destructor, which waits for a write that is going on.
class PredictionLog final : public PredictionSink, public StatusSource {
 public:
  struct Options {
    std::string directory;
    size_t max_queued_bytes = size_t{64} << 20;
    size_t max_queued_records = 100'000;
    size_t max_record_bytes = size_t{16} << 20;
    std::chrono::milliseconds flush_interval{100};
    size_t flush_bytes = size_t{1} << 20;
    SegmentWriter::Options files;
  };
  using Encoder = std::function<absl::Status(PredictionRecord&&, uint64_t sequence, std::string&)>;

  // Makes the folder, recovers what an earlier run left open, and starts the writer. An error names
  // the folder. `clock` outlives the log.
  static absl::StatusOr<std::unique_ptr<PredictionLog>> Open(Options options, const Clock& clock);
  // The same over any folder and encoding; `directory` is not null.
  static absl::StatusOr<std::unique_ptr<PredictionLog>> Open(
      Options options, const Clock& clock, std::unique_ptr<LogDirectory> directory,
      Encoder encoder);
  ~PredictionLog() override;

  void Record(PredictionRecord record) override;

  // Waits until everything that has been handed in so far is durable or dropped.
  void Flush();

  // Takes no more records, and waits at most `budget` for the rest; what is left then is dropped as
  // `shutdown`. True when the writer has ended and its last file is finished; false when it still
  // hangs in a write, as will the destructor: then leave the process without it. One thread only.
  bool Close(Duration budget);

  PredictionLogCounters counters() const;

  absl::string_view status_name() const override { return "prediction_log"; }
  std::string StatusJson() const override;

 private:
  struct Entry {
    uint64_t sequence;
    size_t bytes;
    PredictionRecord record;
  };

  PredictionLog(Options options, const Clock& clock, std::unique_ptr<LogDirectory> directory,
                Encoder encoder, LogRun run);

  void Run();
  // False when there will be no more. May give an empty batch.
  bool NextBatch(std::vector<Entry>& batch);
  void WriteBatch(std::vector<Entry>& batch);
  void NoteOutcome(const absl::Status& status);
  // The next record has waited long enough, or there is enough of them.
  bool MustWrite() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  uint64_t OldestInMemory() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Options options_;
  const Clock& clock_;
  const std::unique_ptr<LogDirectory> directory_;
  const Encoder encoder_;

  // Touched by the writer thread only.
  SegmentWriter segments_;
  std::vector<std::string> payloads_;

  mutable Mutex mutex_;
  CondVar work_;      // The writer waits here.
  CondVar progress_;  // Flush and Close wait here.
  std::deque<Entry> queue_ ABSL_GUARDED_BY(mutex_);
  size_t queued_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t writing_records_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t writing_first_ ABSL_GUARDED_BY(mutex_) = 0;  // Sequence number.
  PredictionLogCounters counters_ ABSL_GUARDED_BY(mutex_);
  enum class Waiting { kNo, kForWork, kForMore };
  Waiting waiting_ ABSL_GUARDED_BY(mutex_) = Waiting::kNo;
  uint64_t flush_up_to_ ABSL_GUARDED_BY(mutex_) = 0;
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  bool writer_ended_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status last_error_ ABSL_GUARDED_BY(mutex_);  // OK once writing works again.

  Thread writer_;  // Last, so that it ends before what it uses.
};

}  // namespace tournant
