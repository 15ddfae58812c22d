#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "predictions/log_counters.h"
#include "predictions/prediction_record.h"
#include "predictions/record_chunks.h"

namespace tournant {

// A record that waits to be saved.
struct QueuedRecord {
  uint64_t sequence = 0;
  size_t bytes = 0;   // That it is counted with.
  bool kept = false;  // It has a place: written again until it is durable.
  std::shared_ptr<DurableWait> wait;
  PredictionRecord record;
  std::string payload;  // The record encoded, once that was tried; the record is empty then.
};

// The records of a log that wait, in order and bounded, and the log's books. Part of a
// PredictionLog, under its lock.
class RecordQueue {
 public:
  struct Limits {
    // Of all that is in memory, places included.
    size_t max_bytes = size_t{64} << 20;
    size_t max_records = 100'000;
    size_t max_record_bytes = size_t{16} << 20;  // Of one without a place.
  };
  explicit RecordQueue(Limits limits) : limits_(limits) {}

  // False, and counted, when there is no place. One that is alone may be of any size.
  bool Reserve(size_t bytes);
  void GiveBack(size_t bytes);

  // Takes a record, or drops it, counts why, and leaves it where it is. Its wait is the queue's own
  // only when it was taken.
  bool Push(PredictionRecord& record, size_t bytes);
  // Moves records into `batch` until they are more than `max_bytes`; they stay in memory.
  void Take(size_t max_bytes, std::vector<QueuedRecord>& batch);
  // Back to the front, in their order: all that is left of what was taken.
  void PutBack(std::vector<QueuedRecord>& batch);
  // One that was taken has left memory.
  void Leave(const QueuedRecord& record, uint64_t PredictionLogCounters::* outcome);
  // Drops all that waits, as `shutdown`.
  RecordChunks<QueuedRecord> DropAll();
  // No more records are taken, and no places given.
  void Close() { closed_ = true; }

  bool closed() const { return closed_; }
  bool empty() const { return records_.empty(); }
  size_t bytes() const { return bytes_; }  // Of what waits.
  // Half of the bounds is used, be it by records that are being written or by places: to wait for
  // more would end in refusals.
  bool half_full() const;
  const QueuedRecord& front() const { return records_.front(); }
  // Calls wait for some of it.
  bool awaited() const { return awaited_ > 0; }
  const PredictionLogCounters& counters() const { return counters_; }
  PredictionLogCounters& counters() { return counters_; }

 private:
  bool HasRoom(size_t bytes) const;

  const Limits limits_;
  RecordChunks<QueuedRecord> records_;
  size_t bytes_ = 0;
  size_t awaited_ = 0;
  bool closed_ = false;
  PredictionLogCounters counters_;
};

}  // namespace tournant
