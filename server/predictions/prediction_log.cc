#include "predictions/prediction_log.h"

#include <algorithm>
#include <exception>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/status.h"
#include "predictions/posix_log_files.h"
#include "predictions/record_codec.h"
#include "predictions/recovery.h"
#include "telemetry/log.h"

namespace tournant {

absl::StatusOr<std::unique_ptr<PredictionLog>> PredictionLog::Open(Options options,
                                                                   const Clock& clock) {
  auto directory = PosixLogDirectory::Make(options.directory);
  if (!directory.ok()) return Annotate(directory.status(), "prediction log");
  return Open(std::move(options), clock, *std::move(directory), EncodeRecord);
}

absl::StatusOr<std::unique_ptr<PredictionLog>> PredictionLog::Open(
    Options options, const Clock& clock, std::unique_ptr<LogDirectory> directory, Encoder encoder) {
  if (absl::Status status = RecoverOpenFiles(*directory); !status.ok()) {
    return Annotate(status, "prediction log");
  }
  const absl::StatusOr<std::vector<std::string>> files = directory->List();
  if (!files.ok()) return Annotate(files.status(), "prediction log");
  LogRun run = NewRun(clock.WallNow(), *files);
  return std::unique_ptr<PredictionLog>(new PredictionLog(
      std::move(options), clock, std::move(directory), std::move(encoder), std::move(run)));
}

PredictionLog::PredictionLog(Options options, const Clock& clock,
                             std::unique_ptr<LogDirectory> directory, Encoder encoder, LogRun run)
    : options_(std::move(options)),
      clock_(clock),
      directory_(std::move(directory)),
      encoder_(std::move(encoder)),
      segments_(*directory_, clock_, std::move(run), options_.files),
      writer_("prediction-log", [this] { Run(); }) {}

PredictionLog::~PredictionLog() {
  Close(Duration::zero());
  writer_.Join();
}

void PredictionLog::Record(PredictionRecord record) {
  const size_t bytes = RecordBytes(record);
  // A record that is not taken is freed by the caller, after the lock.
  MutexLock lock(mutex_);
  const uint64_t sequence = ++counters_.enqueued;
  if (closing_) {
    ++counters_.dropped_shutdown;
    return;
  }
  if (bytes > options_.max_record_bytes) {
    ++counters_.dropped_oversize;
    return;
  }
  if (counters_.in_memory >= options_.max_queued_records ||
      counters_.in_memory_bytes + bytes > options_.max_queued_bytes) {
    ++counters_.dropped_full;
    return;
  }
  queue_.push_back({sequence, bytes, std::move(record)});
  queued_bytes_ += bytes;
  ++counters_.in_memory;
  counters_.in_memory_bytes += bytes;
  // While the writer gathers it needs no waking, until there is enough.
  if (waiting_ == Waiting::kForWork || (waiting_ == Waiting::kForMore && MustWrite())) {
    waiting_ = Waiting::kNo;
    work_.Signal();
  }
}

bool PredictionLog::MustWrite() const {
  return closing_ || queued_bytes_ >= options_.flush_bytes || queue_.empty() ||
         queue_.front().sequence <= flush_up_to_;
}

uint64_t PredictionLog::OldestInMemory() const {
  return writing_records_ > 0 ? writing_first_ : queue_.front().sequence;
}

bool PredictionLog::NextBatch(std::vector<Entry>& batch) {
  MutexLock lock(mutex_);
  if (queue_.empty()) {
    if (closing_) return false;
    waiting_ = Waiting::kForWork;
    if (segments_.is_open()) {
      // Woken in time to finish a file that gets no more records. The clock may be a test's, which
      // stands still while this waits.
      work_.WaitFor(mutex_, std::max(segments_.UntilRotation(), Duration(options_.flush_interval)));
    } else {
      work_.Wait(mutex_);
    }
    waiting_ = Waiting::kNo;
    if (queue_.empty()) return true;
  }
  if (!MustWrite()) {
    waiting_ = Waiting::kForMore;
    work_.WaitFor(mutex_, options_.flush_interval);
    waiting_ = Waiting::kNo;
  }
  size_t bytes = 0;
  while (!queue_.empty() && bytes < options_.flush_bytes) {
    bytes += queue_.front().bytes;
    batch.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  queued_bytes_ -= bytes;
  writing_records_ = batch.size();
  if (!batch.empty()) writing_first_ = batch.front().sequence;
  return true;
}

void PredictionLog::Run() {
  std::vector<Entry> batch;
  while (NextBatch(batch)) {
    if (!batch.empty()) {
      WriteBatch(batch);
    } else if (const absl::Status status = segments_.RotateIfDue(); !status.ok()) {
      NoteOutcome(status);
    }
    batch.clear();
  }
  if (const absl::Status status = segments_.Finish(); !status.ok()) NoteOutcome(status);
  MutexLock lock(mutex_);
  writer_ended_ = true;
  progress_.SignalAll();
}

void PredictionLog::WriteBatch(std::vector<Entry>& batch) {
  payloads_.clear();
  size_t bytes = 0;
  for (Entry& entry : batch) {
    bytes += entry.bytes;
    std::string& payload = payloads_.emplace_back();
    absl::Status status;
    try {
      status = encoder_(std::move(entry.record), entry.sequence, payload);
    } catch (const std::exception& error) {  // Memory, above all.
      status = absl::InternalError(error.what());
    }
    if (!status.ok()) payloads_.pop_back();
  }
  absl::Status written = segments_.Append(payloads_);
  // The fault may be the file's alone: once more, into a new one.
  if (!written.ok()) written = segments_.Append(payloads_);
  if (!payloads_.empty()) NoteOutcome(written);

  MutexLock lock(mutex_);
  counters_.dropped_serialize += batch.size() - payloads_.size();
  (written.ok() ? counters_.durable : counters_.dropped_io) += payloads_.size();
  counters_.in_memory -= batch.size();
  counters_.in_memory_bytes -= bytes;
  writing_records_ = 0;
  progress_.SignalAll();
}

// Says when writing begins to fail and when it works again, not each time.
void PredictionLog::NoteOutcome(const absl::Status& status) {
  bool was_ok = false;
  {
    MutexLock lock(mutex_);
    was_ok = last_error_.ok();
    last_error_ = status;
  }
  if (was_ok && !status.ok()) {
    Log(LogLevel::kError, "the prediction log cannot be written; records are dropped and counted",
        {{"error", status.ToString()}});
  } else if (!was_ok && status.ok()) {
    Log(LogLevel::kInfo, "the prediction log can be written again");
  }
}

void PredictionLog::Flush() {
  MutexLock lock(mutex_);
  const uint64_t last = counters_.enqueued;
  flush_up_to_ = std::max(flush_up_to_, last);
  work_.Signal();
  while (counters_.in_memory > 0 && OldestInMemory() <= last) progress_.Wait(mutex_);
}

bool PredictionLog::Close(Duration budget) {
  const TimePoint deadline = clock_.Now() + budget;
  std::deque<Entry> left;  // Freed after the lock.
  bool ended = false;
  {
    MutexLock lock(mutex_);
    closing_ = true;
    work_.Signal();
    while (!writer_ended_) {
      const Duration remaining = deadline - clock_.Now();
      if (remaining <= Duration::zero() || !progress_.WaitFor(mutex_, remaining)) break;
    }
    counters_.dropped_shutdown += queue_.size();
    counters_.in_memory -= queue_.size();
    counters_.in_memory_bytes -= queued_bytes_;
    queued_bytes_ = 0;
    left.swap(queue_);
    ended = writer_ended_;
    progress_.SignalAll();
  }
  if (ended) writer_.Join();
  return ended;
}

PredictionLogCounters PredictionLog::counters() const {
  MutexLock lock(mutex_);
  return counters_;
}

std::string PredictionLog::StatusJson() const {
  PredictionLogCounters counters;
  absl::Status error;
  {
    MutexLock lock(mutex_);
    counters = counters_;
    error = last_error_;
  }
  using Json = nlohmann::ordered_json;
  const Json status = {{"directory", options_.directory},
                       {"enqueued", counters.enqueued},
                       {"durable", counters.durable},
                       {"dropped",
                        {{"full", counters.dropped_full},
                         {"oversize", counters.dropped_oversize},
                         {"serialize", counters.dropped_serialize},
                         {"io", counters.dropped_io},
                         {"shutdown", counters.dropped_shutdown}}},
                       {"in_memory", counters.in_memory},
                       {"in_memory_bytes", counters.in_memory_bytes},
                       {"error", error.ok() ? "" : error.ToString()}};
  return status.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace tournant
