#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "base/rng.h"
#include "base/thread.h"
#include "predictions/log_counters.h"
#include "predictions/log_files.h"
#include "predictions/log_place.h"
#include "predictions/prediction_record.h"
#include "predictions/record_queue.h"
#include "predictions/record_store.h"
#include "predictions/segment_writer.h"
#include "telemetry/status_source.h"

namespace tournant {

// Saves predictions by a thread of its own: bounded and counted. Record moves the record into a
// queue under a short lock and is never held up by the disk. The writer gathers for flush_interval
// or flush_bytes, but not when a call waits or the queue is half full, encodes, and gives the
// records to a store.
//
// What finds no room, or cannot be stored, is dropped and counted. A record with a place finds
// room, and is stored again, with a pause between, until it is durable or the log is closed; one
// that a call waits for is tried once, and the call told.
//
// Owned by main, outlives the Predictor. Any thread. The writer thread ends in Close or the
// destructor, which waits for a write that is going on.
class PredictionLog final : public PredictionSink, public StatusSource, private LogPlaces {
 public:
  struct Options {
    std::string sink;  // For people: where the records go.
    RecordQueue::Limits limits;
    std::chrono::milliseconds flush_interval{100};
    size_t flush_bytes = size_t{1} << 20;
    std::chrono::milliseconds least_pause{100};     // Before records are stored again;
    std::chrono::milliseconds longest_pause{5000};  // each pause is twice as long, up to this.
    // For a write to end that is given up.
    std::chrono::milliseconds interrupt_grace = std::chrono::seconds(1);
    uint64_t seed = 0;  // Of the jitter in pushbacks.
    SegmentWriter::Options files;
  };
  using Encoder = std::function<absl::Status(PredictionRecord&&, uint64_t sequence, std::string&)>;

  // Starts the writer. `clock` outlives the log.
  static std::unique_ptr<PredictionLog> Start(Options options, const Clock& clock,
                                              std::unique_ptr<RecordStore> store, Encoder encoder);
  // The same over the files of a folder, after what an earlier run left open was recovered.
  static absl::StatusOr<std::unique_ptr<PredictionLog>> Open(
      Options options, const Clock& clock, std::unique_ptr<LogDirectory> directory,
      Encoder encoder);
  ~PredictionLog() override;

  absl::StatusOr<LogPlace> Reserve(size_t bytes, bool may_come_again) override;
  void Record(PredictionRecord record) override;
  void NoteSampledOut() override { sampled_out_.fetch_add(1, std::memory_order_relaxed); }

  // Waits until everything that has been handed in so far is durable or dropped.
  void Flush();

  // Takes no more records, and waits at most `budget` for the rest; what is left then is dropped as
  // `shutdown`, and a write that is going on is given up. True when the writer has ended; false
  // when it still hangs in a write, as will the destructor: then leave the process without it. A
  // second caller may be in more of a hurry than the first.
  bool Close(Duration budget);
  // Records that were there when Close was called first and are not durable.
  uint64_t lost() const;

  PredictionLogCounters counters() const;
  // Of what was written last, or of what is being written.
  absl::Status last_error() const;

  absl::string_view status_name() const override { return "prediction_log"; }
  std::string StatusJson() const override;

 private:
  PredictionLog(Options options, const Clock& clock, std::unique_ptr<RecordStore> store,
                Encoder encoder);

  void GiveBack(size_t bytes) override;

  void Run();
  // False when there will be no more. May give an empty batch.
  bool NextBatch(std::vector<QueuedRecord>& batch);
  void WriteBatch(std::vector<QueuedRecord>& batch);
  // Encodes what is not encoded yet; what cannot be leaves the batch.
  void Encode(std::vector<QueuedRecord>& batch, std::vector<QueuedRecord>& unfit);
  // Keeps the books of a batch after it was written; what is to be written again goes back.
  void Settle(std::vector<QueuedRecord>& batch, const std::vector<StoreOutcome>& outcomes,
              const absl::Status& written);
  void NoteOutcome(const absl::Status& status);
  // The next record has waited long enough, or there is enough of them.
  bool MustWrite() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void WakeWriter() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  uint64_t OldestInMemory() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Refusal(bool may_come_again) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Options options_;
  const Clock& clock_;
  const Encoder encoder_;
  std::atomic<uint64_t> sampled_out_{0};

  // Touched by the writer thread only, but for Interrupt.
  const std::unique_ptr<RecordStore> store_;
  std::vector<std::string> payloads_;

  mutable Mutex mutex_;
  CondVar work_;      // The writer waits here.
  CondVar progress_;  // Flush and Close wait here.
  RecordQueue queue_ ABSL_GUARDED_BY(mutex_);
  SeededRng rng_ ABSL_GUARDED_BY(mutex_);
  uint64_t writing_records_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t writing_first_ ABSL_GUARDED_BY(mutex_) = 0;  // Sequence number.
  enum class Waiting { kNo, kForWork, kForMore };
  Waiting waiting_ ABSL_GUARDED_BY(mutex_) = Waiting::kNo;
  uint64_t flush_up_to_ ABSL_GUARDED_BY(mutex_) = 0;
  std::chrono::milliseconds pause_ ABSL_GUARDED_BY(mutex_){0};  // Before the next write.
  bool out_of_time_ ABSL_GUARDED_BY(mutex_) = false;            // Nothing is stored again any more.
  bool writer_ended_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<uint64_t> dropped_before_close_ ABSL_GUARDED_BY(mutex_);
  absl::Status last_error_ ABSL_GUARDED_BY(mutex_);  // OK once writing works again.

  Thread writer_;  // Last, so that it ends before what it uses.
};

}  // namespace tournant
