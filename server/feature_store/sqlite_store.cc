#include "feature_store/sqlite_store.h"

#include <algorithm>
#include <string>
#include <utility>

#include "telemetry/log.h"

namespace tournant {

absl::StatusOr<std::unique_ptr<SqliteStore>> SqliteStore::Open(const Options& options) {
  std::vector<std::unique_ptr<SqliteReader>> readers;
  for (size_t i = 0; i < options.reader_threads; ++i) {
    absl::StatusOr<std::unique_ptr<SqliteReader>> reader = SqliteReader::Open(options.reader);
    if (!reader.ok()) return reader.status();
    readers.push_back(*std::move(reader));
  }
  return std::unique_ptr<SqliteStore>(new SqliteStore(options, std::move(readers)));
}

SqliteStore::SqliteStore(const Options& options, std::vector<std::unique_ptr<SqliteReader>> readers)
    : options_(options), readers_(std::move(readers)) {
  for (std::unique_ptr<SqliteReader>& reader : readers_) {
    threads_.emplace_back("sqlite-reader", [this, &reader] { RunReader(reader); });
  }
}

SqliteStore::~SqliteStore() {
  {
    MutexLock lock(mutex_);
    closed_ = true;
  }
  work_.SignalAll();
  threads_.clear();
}

Task<absl::StatusOr<OnlineRows>> SqliteStore::Read(const CallContext& call, OnlineRead read) {
  auto job = std::make_shared<ReadJob>(std::move(read));
  const absl::Status waited =
      co_await HandoffAwaiter(call, *job, [this, &job] { return Enqueue(job); });
  if (!waited.ok()) co_return waited;
  co_return std::move(job->rows);
}

absl::Status SqliteStore::Enqueue(std::shared_ptr<ReadJob> job) {
  {
    MutexLock lock(mutex_);
    if (waiting_.size() >= options_.max_waiting) {
      // Reads whose callers have left make room first.
      std::erase_if(waiting_, [](const auto& other) { return other->claimed(); });
    }
    if (waiting_.size() >= options_.max_waiting) {
      return TooManyReads(options_.max_waiting);
    }
    waiting_.push_back(std::move(job));
  }
  work_.Signal();
  return absl::OkStatus();
}

void SqliteStore::Follow(const SqliteReader::FileState& successor,
                         std::unique_ptr<SqliteReader>& reader) {
  {
    MutexLock lock(mutex_);
    if (refused_ == successor) return;
  }
  absl::StatusOr<std::unique_ptr<SqliteReader>> opened = SqliteReader::Open(options_.reader);
  if (opened.ok()) {
    Log(LogLevel::kInfo, "another SQLite file has taken the place of the one before",
        {{"store", options_.reader.path}});
    reader = *std::move(opened);
    return;
  }
  Log(LogLevel::kWarning, "the new SQLite file cannot be used; the one before stays",
      {{"store", options_.reader.path}, {"reason", std::string(opened.status().message())}});
  MutexLock lock(mutex_);
  refused_ = successor;
}

void SqliteStore::RunReader(std::unique_ptr<SqliteReader>& reader) {
  for (;;) {
    std::shared_ptr<ReadJob> job;
    {
      MutexLock lock(mutex_);
      while (waiting_.empty() && !closed_) work_.Wait(mutex_);
      if (waiting_.empty()) return;
      job = std::move(waiting_.front());
      waiting_.pop_front();
    }
    if (job->claimed()) continue;
    if (const auto successor = reader->Successor()) Follow(*successor, reader);
    job->Finish(reader->Read(job->read, [&job] { return job->claimed(); }));
  }
}

}  // namespace tournant
