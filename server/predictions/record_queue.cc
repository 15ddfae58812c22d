#include "predictions/record_queue.h"

#include <utility>

namespace tournant {

bool RecordQueue::HasRoom(size_t bytes) const {
  return counters_.in_memory + counters_.places < limits_.max_records &&
         counters_.in_memory_bytes + counters_.places_bytes + bytes <= limits_.max_bytes;
}

bool RecordQueue::half_full() const {
  return counters_.in_memory + counters_.places >= limits_.max_records / 2 ||
         counters_.in_memory_bytes + counters_.places_bytes >= limits_.max_bytes / 2;
}

bool RecordQueue::Reserve(size_t bytes) {
  const bool alone = counters_.in_memory + counters_.places == 0;
  if (!alone && !HasRoom(bytes)) {
    ++counters_.refused;
    return false;
  }
  ++counters_.places;
  counters_.places_bytes += bytes;
  return true;
}

void RecordQueue::GiveBack(size_t bytes) {
  --counters_.places;
  counters_.places_bytes -= bytes;
}

bool RecordQueue::Push(PredictionRecord& record, size_t bytes) {
  const uint64_t sequence = ++counters_.enqueued;
  const bool kept = record.place.taken();
  if (kept) GiveBack(record.place.HandOver());
  if (closed_) {
    ++counters_.dropped_shutdown;
    return false;
  }
  if (!kept && bytes > limits_.max_record_bytes) {
    ++counters_.dropped_oversize;
    return false;
  }
  if (!kept && !HasRoom(bytes)) {
    ++counters_.dropped_full;
    return false;
  }
  std::shared_ptr<DurableWait> wait = std::move(record.wait);
  if (wait != nullptr) ++awaited_;
  bytes_ += bytes;
  ++counters_.in_memory;
  counters_.in_memory_bytes += bytes;
  records_.PushBack({.sequence = sequence,
                     .bytes = bytes,
                     .kept = kept,
                     .wait = std::move(wait),
                     .record = std::move(record),
                     .payload = {}});
  return true;
}

void RecordQueue::Take(size_t max_bytes, std::vector<QueuedRecord>& batch) {
  size_t taken = 0;
  while (!records_.empty() && taken < max_bytes) {
    QueuedRecord next = records_.PopFront();
    taken += next.bytes;
    if (next.wait != nullptr) --awaited_;
    batch.push_back(std::move(next));
  }
  bytes_ -= taken;
}

void RecordQueue::PutBack(std::vector<QueuedRecord>& batch) {
  for (auto record = batch.rbegin(); record != batch.rend(); ++record) {
    bytes_ += record->bytes;
    if (record->wait != nullptr) ++awaited_;
    records_.PushFront(std::move(*record));
  }
  batch.clear();
}

void RecordQueue::Leave(const QueuedRecord& record, uint64_t PredictionLogCounters::* outcome) {
  ++(counters_.*outcome);
  --counters_.in_memory;
  counters_.in_memory_bytes -= record.bytes;
}

RecordChunks<QueuedRecord> RecordQueue::DropAll() {
  records_.ForEach([this](const QueuedRecord& record) {
    Leave(record, &PredictionLogCounters::dropped_shutdown);
  });
  bytes_ = 0;
  awaited_ = 0;
  return std::exchange(records_, {});
}

}  // namespace tournant
