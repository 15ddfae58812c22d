#include "predictions/prediction_log.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/pushback.h"
#include "base/status.h"
#include "predictions/file_store.h"
#include "predictions/record_codec.h"
#include "telemetry/log.h"

namespace tournant {
namespace {

using Counters = PredictionLogCounters;

void EndWait(const QueuedRecord& record, const absl::Status& result) {
  if (record.wait != nullptr) record.wait->End(result);
}

absl::Status NotSaved(absl::string_view why) {
  return absl::UnavailableError(absl::StrCat("the prediction could not be saved: ", why));
}

}  // namespace

absl::StatusOr<std::unique_ptr<PredictionLog>> PredictionLog::Open(
    Options options, const Clock& clock, std::unique_ptr<LogDirectory> directory, Encoder encoder) {
  auto store = FileStore::Open(std::move(directory), clock, options.files);
  if (!store.ok()) return store.status();
  return Start(std::move(options), clock, *std::move(store), std::move(encoder));
}

std::unique_ptr<PredictionLog> PredictionLog::Start(Options options, const Clock& clock,
                                                    std::unique_ptr<RecordStore> store,
                                                    Encoder encoder) {
  return std::unique_ptr<PredictionLog>(
      new PredictionLog(std::move(options), clock, std::move(store), std::move(encoder)));
}

PredictionLog::PredictionLog(Options options, const Clock& clock,
                             std::unique_ptr<RecordStore> store, Encoder encoder)
    : options_(std::move(options)),
      clock_(clock),
      encoder_(std::move(encoder)),
      store_(std::move(store)),
      queue_(options_.limits),
      rng_(options_.seed),
      writer_("prediction-log", [this] { Run(); }) {}

PredictionLog::~PredictionLog() {
  Close(Duration::zero());
  writer_.Join();
}

absl::StatusOr<LogPlace> PredictionLog::Reserve(size_t bytes, bool may_come_again) {
  MutexLock lock(mutex_);
  if (queue_.closed()) return absl::UnavailableError("the prediction log is closed");
  if (!queue_.Reserve(bytes)) return Refusal(may_come_again);
  if (waiting_ == Waiting::kForMore && MustWrite()) WakeWriter();
  return LogPlace(*this, bytes);
}

void PredictionLog::GiveBack(size_t bytes) {
  MutexLock lock(mutex_);
  queue_.GiveBack(bytes);
}

absl::Status PredictionLog::Refusal(bool may_come_again) {
  const Counters& now = queue_.counters();
  // By then the writer has tried again.
  const auto retry_after = Pushback(std::max(pause_, options_.flush_interval), rng_);
  return Overloaded(
      "PREDICTION_LOG_FULL", may_come_again ? retry_after : kNever,
      absl::StrCat("the prediction log has no place: ", now.in_memory + now.places, " records of ",
                   now.in_memory_bytes + now.places_bytes, " bytes wait to be saved",
                   last_error_.ok() ? "" : ", and writing fails at the moment"));
}

void PredictionLog::Record(PredictionRecord record) {
  const size_t bytes = RecordBytes(record);
  // A record that is not taken is freed by the caller, after the lock.
  bool taken = false;
  {
    MutexLock lock(mutex_);
    taken = queue_.Push(record, bytes);
    // While the writer gathers it needs no waking, until there is enough.
    if (taken &&
        (waiting_ == Waiting::kForWork || (waiting_ == Waiting::kForMore && MustWrite()))) {
      WakeWriter();
    }
  }
  if (!taken && record.wait != nullptr) record.wait->End(NotSaved("the prediction log is closed"));
}

void PredictionLog::WakeWriter() {
  waiting_ = Waiting::kNo;
  work_.Signal();
}

bool PredictionLog::MustWrite() const {
  return queue_.closed() || queue_.bytes() >= options_.flush_bytes || queue_.empty() ||
         queue_.half_full() || queue_.awaited() || queue_.front().sequence <= flush_up_to_;
}

uint64_t PredictionLog::OldestInMemory() const {
  return writing_records_ > 0 ? writing_first_ : queue_.front().sequence;
}

bool PredictionLog::NextBatch(std::vector<QueuedRecord>& batch) {
  MutexLock lock(mutex_);
  if (queue_.empty()) {
    if (queue_.closed()) return false;
    waiting_ = Waiting::kForWork;
    if (const Duration until = store_->UntilUpkeep(); until < Duration::max()) {
      // Woken in time to finish a file that gets no more records. The clock may be a test's, which
      // stands still while this waits.
      work_.WaitFor(mutex_, std::max(until, Duration(options_.flush_interval)));
    } else {
      work_.Wait(mutex_);
    }
    waiting_ = Waiting::kNo;
    if (queue_.empty()) return !queue_.closed();
  }
  if (pause_.count() > 0 && !out_of_time_) {
    // Flush and Close cut this short.
    work_.WaitFor(mutex_, pause_);
  } else if (!MustWrite()) {
    waiting_ = Waiting::kForMore;
    work_.WaitFor(mutex_, options_.flush_interval);
    waiting_ = Waiting::kNo;
  }
  queue_.Take(options_.flush_bytes, batch);
  writing_records_ = batch.size();
  if (!batch.empty()) writing_first_ = batch.front().sequence;
  return true;
}

void PredictionLog::Run() {
  std::vector<QueuedRecord> batch;
  while (NextBatch(batch)) {
    if (!batch.empty()) {
      WriteBatch(batch);
    } else if (const absl::Status status = store_->Upkeep(); !status.ok()) {
      NoteOutcome(status);
    }
    batch.clear();
  }
  if (const absl::Status status = store_->Finish(counters()); !status.ok()) NoteOutcome(status);
  MutexLock lock(mutex_);
  writer_ended_ = true;
  progress_.SignalAll();
}

void PredictionLog::Encode(std::vector<QueuedRecord>& batch, std::vector<QueuedRecord>& unfit) {
  for (QueuedRecord& entry : batch) {
    if (!entry.payload.empty()) continue;
    absl::Status status;
    try {
      status = encoder_(std::move(entry.record), entry.sequence, entry.payload);
    } catch (const std::exception& error) {  // Memory, above all.
      status = absl::InternalError(error.what());
    }
    if (status.ok()) continue;
    entry.payload.clear();
    unfit.push_back(std::move(entry));
  }
  std::erase_if(batch, [](const QueuedRecord& entry) { return entry.payload.empty(); });
}

void PredictionLog::WriteBatch(std::vector<QueuedRecord>& batch) {
  std::vector<QueuedRecord> unfit;
  Encode(batch, unfit);
  for (QueuedRecord& entry : batch) payloads_.push_back(std::move(entry.payload));
  std::vector<StoreOutcome> outcomes(payloads_.size(), StoreOutcome::kFailed);
  absl::Status written;
  if (!payloads_.empty()) {
    written = store_->Append(payloads_, outcomes);
    NoteOutcome(written);
  }
  if (written.ok()) outcomes.assign(payloads_.size(), StoreOutcome::kDurable);
  for (size_t i = 0; i < batch.size(); ++i) {
    if (outcomes[i] == StoreOutcome::kFailed) batch[i].payload = std::move(payloads_[i]);
  }
  payloads_.clear();
  {
    MutexLock lock(mutex_);
    for (const QueuedRecord& entry : unfit) queue_.Leave(entry, &Counters::dropped_serialize);
  }
  for (const QueuedRecord& entry : unfit) {
    EndWait(entry, absl::InternalError("the prediction cannot be saved: it cannot be encoded"));
  }
  Settle(batch, outcomes, written);
}

void PredictionLog::Settle(std::vector<QueuedRecord>& batch,
                           const std::vector<StoreOutcome>& outcomes, const absl::Status& written) {
  std::vector<QueuedRecord> gone;
  std::vector<QueuedRecord> again;
  const absl::Status not_saved = written.ok() ? written : NotSaved(written.message());
  std::vector<absl::Status> results;
  {
    MutexLock lock(mutex_);
    for (size_t i = 0; i < batch.size(); ++i) {
      QueuedRecord& entry = batch[i];
      const bool durable = outcomes[i] == StoreOutcome::kDurable;
      if (durable) {
        queue_.Leave(entry, &Counters::durable);
      } else if (out_of_time_) {
        queue_.Leave(entry, &Counters::dropped_shutdown);
      } else if (entry.kept && entry.wait == nullptr && outcomes[i] == StoreOutcome::kFailed) {
        again.push_back(std::move(entry));
        continue;
      } else {
        queue_.Leave(entry, &Counters::dropped_io);
      }
      results.push_back(durable ? absl::OkStatus() : not_saved);
      gone.push_back(std::move(entry));
    }
    queue_.counters().retries += again.size();
    if (written.ok()) {
      pause_ = std::chrono::milliseconds(0);
    } else if (!again.empty()) {
      pause_ = std::clamp(2 * pause_, options_.least_pause, options_.longest_pause);
    }
    queue_.PutBack(again);
    writing_records_ = 0;
    progress_.SignalAll();
  }
  for (size_t i = 0; i < gone.size(); ++i) EndWait(gone[i], results[i]);
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
    Log(LogLevel::kError,
        "the prediction log cannot be written; records without a place are dropped and counted",
        {{"error", status.ToString()}});
  } else if (!was_ok && status.ok()) {
    Log(LogLevel::kInfo, "the prediction log can be written again");
  }
}

void PredictionLog::Flush() {
  MutexLock lock(mutex_);
  const uint64_t last = queue_.counters().enqueued;
  flush_up_to_ = std::max(flush_up_to_, last);
  work_.Signal();
  while (queue_.counters().in_memory > 0 && OldestInMemory() <= last) progress_.Wait(mutex_);
}

bool PredictionLog::Close(Duration budget) {
  RecordChunks<QueuedRecord> left;  // Freed after the lock.
  bool ended = false;
  {
    MutexLock lock(mutex_);
    const auto wait_for_writer = [&](Duration time) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      const TimePoint deadline = clock_.Now() + time;
      while (!writer_ended_) {
        const Duration remaining = deadline - clock_.Now();
        if (remaining <= Duration::zero() || !progress_.WaitFor(mutex_, remaining)) break;
      }
      return writer_ended_;
    };
    if (!dropped_before_close_) dropped_before_close_ = queue_.counters().dropped();
    queue_.Close();
    work_.Signal();
    ended = wait_for_writer(budget);
    out_of_time_ = true;
    left = queue_.DropAll();
    work_.Signal();
    progress_.SignalAll();
    if (!ended) {
      store_->Interrupt();
      ended = wait_for_writer(options_.interrupt_grace);
    }
  }
  left.ForEach(
      [](const QueuedRecord& entry) { EndWait(entry, NotSaved("the server is shutting down")); });
  return ended;
}

uint64_t PredictionLog::lost() const {
  MutexLock lock(mutex_);
  const Counters& now = queue_.counters();
  return now.dropped() - dropped_before_close_.value_or(now.dropped()) + now.in_memory;
}

absl::Status PredictionLog::last_error() const {
  {
    MutexLock lock(mutex_);
    if (!last_error_.ok()) return last_error_;
  }
  return store_->Trouble();
}

PredictionLogCounters PredictionLog::counters() const {
  MutexLock lock(mutex_);
  PredictionLogCounters counters = queue_.counters();
  counters.sampled_out = sampled_out_.load(std::memory_order_relaxed);
  return counters;
}

}  // namespace tournant
