#include "telemetry/span_queue.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "telemetry/log.h"

namespace tournant {

absl::string_view SpanQueue::ReasonName(size_t reason) {
  constexpr absl::string_view kNames[kReasons] = {"queue_full", "refused", "shutdown"};
  return kNames[reason];
}

SpanQueue::SpanQueue(std::unique_ptr<SpanExporter> exporter, Options options)
    : exporter_(std::move(exporter)), options_(options) {
  thread_ = Thread("span-export", [this] { Run(); }, Thread::Priority::kLow);
}

SpanQueue::~SpanQueue() { Close(std::chrono::milliseconds(0)); }

void SpanQueue::Add(std::vector<Span> spans) {
  size_t taken = 0;
  bool full_batch = false;
  bool closed = false;
  {
    MutexLock lock(mutex_);
    closed = closing_;
    if (!closed) {
      taken =
          std::min(spans.size(), options_.max_spans - std::min(options_.max_spans, queue_.size()));
      const auto end = spans.begin() + static_cast<std::ptrdiff_t>(taken);
      queue_.insert(queue_.end(), std::make_move_iterator(spans.begin()),
                    std::make_move_iterator(end));
      full_batch = queue_.size() >= options_.max_batch;
    }
  }
  if (full_batch) changed_.Signal();
  if (taken < spans.size()) {
    Drop(closed ? Dropped::kShutdown : Dropped::kQueueFull, spans.size() - taken);
  }
}

void SpanQueue::Close(std::chrono::milliseconds budget) {
  bool first_time = false;
  {
    MutexLock lock(mutex_);
    first_time = !std::exchange(closing_, true);
    changed_.SignalAll();
    closed_.SignalAll();
    while (!has_ended_) {
      if (!ended_.WaitFor(mutex_, budget)) break;
    }
  }
  exporter_->Cancel();
  thread_.Join();
  if (first_time) LogLosses();
}

void SpanQueue::LogLosses() const {
  const uint64_t full = dropped(Dropped::kQueueFull);
  const uint64_t refused = dropped(Dropped::kRefused);
  const uint64_t shutdown = dropped(Dropped::kShutdown);
  if (full + refused + shutdown == 0) return;
  Log(LogLevel::kWarning, "spans were dropped",
      {{"spans", full + refused + shutdown},
       {ReasonName(static_cast<size_t>(Dropped::kQueueFull)), full},
       {ReasonName(static_cast<size_t>(Dropped::kRefused)), refused},
       {ReasonName(static_cast<size_t>(Dropped::kShutdown)), shutdown},
       {"exported", exported()}});
}

void SpanQueue::NoteReached() {
  if (std::exchange(away_, false)) Log(LogLevel::kInfo, "the trace collector is back");
}

void SpanQueue::NoteAway(const absl::Status& why, bool last) {
  // Once: it may be away for hours.
  if (std::exchange(away_, true)) return;
  Log(LogLevel::kWarning,
      last ? "the trace collector cannot be reached at the end"
           : "the trace collector cannot be reached; spans wait",
      {{"error", std::string(why.message())}});
}

size_t SpanQueue::waiting() const {
  MutexLock lock(mutex_);
  return queue_.size() + sending_;
}

void SpanQueue::Run() {
  std::vector<Span> batch;
  while (Take(batch)) {
    Send(batch);
    batch.clear();
    MutexLock lock(mutex_);
    sending_ = 0;
  }
  MutexLock lock(mutex_);
  has_ended_ = true;
  ended_.SignalAll();
}

bool SpanQueue::Take(std::vector<Span>& batch) {
  MutexLock lock(mutex_);
  while (!closing_ && queue_.size() < options_.max_batch) {
    if (!changed_.WaitFor(mutex_, options_.period) && !queue_.empty()) break;
  }
  const size_t count = std::min(queue_.size(), options_.max_batch);
  const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(count);
  batch.assign(std::make_move_iterator(queue_.begin()), std::make_move_iterator(end));
  queue_.erase(queue_.begin(), end);
  sending_ = count;
  return count > 0;
}

void SpanQueue::Send(const std::vector<Span>& batch) {
  for (int failures = 0;;) {
    const bool last = closing();
    const absl::StatusOr<int64_t> refused = exporter_->Export(batch, options_.timeout);
    if (refused.ok()) {
      const size_t lost =
          static_cast<size_t>(std::clamp<int64_t>(*refused, 0, static_cast<int64_t>(batch.size())));
      Drop(Dropped::kRefused, lost);
      exported_.Add(batch.size() - lost);
      NoteReached();
      return;
    }
    failures_.Add();
    if (!MayExportAgain(refused.status())) {
      NoteReached();
      Drop(Dropped::kRefused, batch.size());
      if (const auto others = refusals_.Pass(SystemClock().Now())) {
        Log(LogLevel::kWarning, "the trace collector refuses spans",
            {{"error", refused.status().ToString()},
             {"spans", batch.size()},
             {"others_since_last_line", *others}});
      }
      return;
    }
    NoteAway(refused.status(), last);
    if (last) {
      Drop(Dropped::kShutdown, batch.size());
      return;
    }
    WaitBeforeAgain(++failures);
  }
}

void SpanQueue::WaitBeforeAgain(int failures) {
  MutexLock lock(mutex_);
  // Cut short for a last try.
  if (!closing_) closed_.WaitFor(mutex_, options_.backoff.After(failures));
}

bool SpanQueue::closing() const {
  MutexLock lock(mutex_);
  return closing_;
}

}  // namespace tournant
