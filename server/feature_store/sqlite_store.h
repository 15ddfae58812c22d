#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "base/thread.h"
#include "feature_store/online_store.h"
#include "feature_store/read_job.h"
#include "feature_store/sqlite_reader.h"

namespace tournant {

// A Feast SQLite file behind a bounded queue and a few reader threads, each with a connection of
// its own. A file that is moved over it is read from the next read on. Owned by the server;
// destroyed when no call is left, before the calls' loops.
class SqliteStore final : public OnlineStore {
 public:
  struct Options {
    SqliteReader::Options reader;
    size_t reader_threads = 2;  // a read is 10 to 30 us; the second one is for a read that blocks
    size_t max_waiting = 4096;  // reads in the queue
  };

  // Opens every connection, so that a missing or broken file is found at start.
  static absl::StatusOr<std::unique_ptr<SqliteStore>> Open(const Options& options);
  ~SqliteStore() override;

  Task<absl::StatusOr<OnlineRows>> Read(const CallContext& call, OnlineRead read) override;

 private:
  SqliteStore(const Options& options, std::vector<std::unique_ptr<SqliteReader>> readers);
  absl::Status Enqueue(std::shared_ptr<ReadJob> job);
  void RunReader(std::unique_ptr<SqliteReader>& reader);
  // Goes over to `successor`, or stays with the file before if it is broken.
  void Follow(const SqliteReader::FileState& successor, std::unique_ptr<SqliteReader>& reader);

  const Options options_;

  Mutex mutex_;
  CondVar work_;
  std::deque<std::shared_ptr<ReadJob>> waiting_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  // The last successor that was found to be broken.
  std::optional<SqliteReader::FileState> refused_ ABSL_GUARDED_BY(mutex_);

  std::vector<std::unique_ptr<SqliteReader>> readers_;  // each its thread's only
  std::vector<Thread> threads_;                         // last: joined first
};

}  // namespace tournant
