#pragma once

#include <sys/types.h>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "feature_store/online_store.h"

struct sqlite3;
struct sqlite3_stmt;

namespace tournant {

// One read-only connection to a Feast SQLite online store, as any Feast since 0.10 wrote it: one
// table "<project>_<view>" a view, of whose columns only entity_key, feature_name, value and
// event_ts are looked at. Blocks. Owned and used by one thread.
class SqliteReader {
 public:
  struct Options {
    std::string path;
    std::string project;
    // Since 0.42 Feast writes a naive UTC time as if it were local time, so integers are off by the
    // writer's offset from UTC. Text times, which were written before, are right.
    int64_t writer_offset_seconds = 0;
    size_t max_answer_bytes = 64 << 20;
  };

  // Fails when the file is missing, empty, cut short or no database; a file that is merely locked
  // is opened. Errors name the file.
  static absl::StatusOr<std::unique_ptr<SqliteReader>> Open(const Options& options);
  ~SqliteReader();
  SqliteReader(const SqliteReader&) = delete;
  SqliteReader& operator=(const SqliteReader&) = delete;

  // A file as it looks from outside.
  struct FileState {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    int64_t changed_ns = 0;
    auto operator<=>(const FileState&) const = default;
  };
  // Of another file than the one that is open, if the path names one now: somebody has moved it
  // there. Nothing while there is none.
  std::optional<FileState> Successor() const;

  // All of `read` in one transaction, so that it sees one state of the store. `give_up` is asked
  // while a lock is waited for and every few thousand steps of SQLite; true ends the read with
  // CANCELLED.
  absl::StatusOr<OnlineRows> Read(const OnlineRead& read, const std::function<bool()>& give_up);

 private:
  static std::optional<FileState> StateOf(const std::string& path);

  SqliteReader(const Options& options, const FileState& file, sqlite3* db);
  static int OnBusy(void* self, int tries);
  static int OnProgress(void* self);

  absl::Status CheckReadable();
  absl::Status Failure(int code) const;
  absl::StatusOr<sqlite3_stmt*> StatementFor(const std::string& view);
  absl::Status ReadAll(const OnlineRead& read, OnlineRows& rows);
  absl::Status ReadKey(sqlite3_stmt* statement, const std::string& key,
                       const std::vector<std::string>& features, StoredCell* cells,
                       std::string& bytes);
  void SetEventTime(sqlite3_stmt* statement, StoredCell& cell) const;

  const Options options_;
  const FileState file_;  // when it was opened
  sqlite3* const db_;
  absl::flat_hash_map<std::string, sqlite3_stmt*> statements_;  // by view
  const std::function<bool()>* give_up_ = nullptr;              // during a read
};

}  // namespace tournant
