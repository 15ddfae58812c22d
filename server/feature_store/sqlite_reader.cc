#include "feature_store/sqlite_reader.h"

#include <sqlite3.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/status.h"
#include "feature_store/event_time.h"

namespace tournant {
namespace {

// How often SQLite asks whether to go on: often enough for a millisecond, too rare to cost.
constexpr int kStepsBetweenChecks = 4000;
// A lock is tried again after 1 ms, then 2, and so on up to this.
constexpr int kLongestLockPauseMs = 5;
// At start nobody waits with a deadline; a lock longer than this is taken for a busy writer.
constexpr int kTriesAtOpen = 100;

std::string ReadOnlyUri(const std::string& path) {
  return absl::StrCat(
      "file:", absl::StrReplaceAll(path, {{"%", "%25"}, {"?", "%3f"}, {"#", "%23"}}), "?mode=ro");
}

absl::string_view ColumnText(sqlite3_stmt* statement, int column) {
  const void* bytes = sqlite3_column_blob(statement, column);
  const int size = sqlite3_column_bytes(statement, column);
  return {static_cast<const char*>(bytes), static_cast<size_t>(size)};
}

}  // namespace

std::optional<SqliteReader::FileState> SqliteReader::StateOf(const std::string& path) {
  struct stat info{};
  if (stat(path.c_str(), &info) != 0) return std::nullopt;
  return FileState{info.st_dev, info.st_ino, info.st_size,
                   info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec};
}

std::optional<SqliteReader::FileState> SqliteReader::Successor() const {
  const std::optional<FileState> now = StateOf(options_.path);
  if (!now || (now->device == file_.device && now->inode == file_.inode)) return std::nullopt;
  return now;
}

SqliteReader::SqliteReader(const Options& options, const FileState& file, sqlite3* db)
    : options_(options), file_(file), db_(db) {
  sqlite3_busy_handler(db_, &SqliteReader::OnBusy, this);
  sqlite3_progress_handler(db_, kStepsBetweenChecks, &SqliteReader::OnProgress, this);
}

SqliteReader::~SqliteReader() {
  for (const auto& [view, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close(db_);
}

absl::StatusOr<std::unique_ptr<SqliteReader>> SqliteReader::Open(const Options& options) {
  sqlite3* db = nullptr;
  // Before it is opened: one that is put there meanwhile is found at the next look.
  const FileState file = StateOf(options.path).value_or(FileState());
  // NOMUTEX: the connection stays on one thread.
  const int code =
      sqlite3_open_v2(ReadOnlyUri(options.path).c_str(), &db,
                      SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, nullptr);
  if (db == nullptr) return absl::ResourceExhaustedError("no memory for a SQLite connection");
  std::unique_ptr<SqliteReader> reader(new SqliteReader(options, file, db));
  if (code != SQLITE_OK) {
    return absl::NotFoundError(
        absl::StrCat("SQLite store ", options.path, ": ", sqlite3_errmsg(db)));
  }
  sqlite3_extended_result_codes(db, 1);
  // In KiB. SQLite's own 2 MiB do not hold the pages of one request of 100 entities by 50 features,
  // which are then read from the file again and again.
  sqlite3_exec(db, "PRAGMA cache_size=-16384", nullptr, nullptr, nullptr);
  const absl::Status readable = reader->CheckReadable();
  if (!readable.ok()) return readable;
  return reader;
}

// Opening reads nothing. Reading the schema finds a file that is no database or shorter than its
// header says.
absl::Status SqliteReader::CheckReadable() {
  int tries = 0;
  const std::function<bool()> give_up = [&tries] { return ++tries > kTriesAtOpen; };
  give_up_ = &give_up;
  sqlite3_stmt* statement = nullptr;
  int code = sqlite3_prepare_v2(db_, "SELECT count(*) FROM sqlite_master WHERE type = 'table'", -1,
                                &statement, nullptr);
  if (code == SQLITE_OK) code = sqlite3_step(statement);
  const int tables = code == SQLITE_ROW ? sqlite3_column_int(statement, 0) : 0;
  sqlite3_finalize(statement);
  give_up_ = nullptr;
  if ((code & 0xff) == SQLITE_BUSY) return absl::OkStatus();
  if (code != SQLITE_ROW) {
    return absl::InvalidArgumentError(
        absl::StrCat("SQLite store ", options_.path, ": ", sqlite3_errmsg(db_)));
  }
  if (tables == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("SQLite store ", options_.path, " is empty: it holds no table"));
  }
  return absl::OkStatus();
}

int SqliteReader::OnBusy(void* self, int tries) {
  const auto* reader = static_cast<SqliteReader*>(self);
  if (reader->give_up_ == nullptr || (*reader->give_up_)()) return 0;
  sqlite3_sleep(std::min(tries + 1, kLongestLockPauseMs));
  return 1;
}

int SqliteReader::OnProgress(void* self) {
  const auto* reader = static_cast<SqliteReader*>(self);
  return reader->give_up_ != nullptr && (*reader->give_up_)() ? 1 : 0;
}

absl::Status SqliteReader::Failure(int code) const {
  switch (code & 0xff) {
    case SQLITE_INTERRUPT:
      return absl::CancelledError("the read was given up");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::UnavailableError(absl::StrCat("SQLite store ", options_.path, " is locked"));
    default:
      return absl::UnavailableError(
          absl::StrCat("SQLite store ", options_.path, ": ", sqlite3_errmsg(db_)));
  }
}

absl::StatusOr<sqlite3_stmt*> SqliteReader::StatementFor(const std::string& view) {
  const auto known = statements_.find(view);
  if (known != statements_.end()) return known->second;
  const std::string table = absl::StrCat(options_.project, "_", view);
  const std::string sql =
      absl::StrCat("SELECT feature_name, value, event_ts FROM \"",
                   absl::StrReplaceAll(table, {{"\"", "\"\""}}), "\" WHERE entity_key = ?1");
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(db_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) {
    const absl::string_view message = sqlite3_errmsg(db_);
    if (absl::StartsWith(message, "no such table") || absl::StartsWith(message, "no such column")) {
      return absl::FailedPreconditionError(absl::StrCat(
          "SQLite store ", options_.path, " does not hold view '", Quote(view), "': ", message));
    }
    return Failure(code);
  }
  statements_.emplace(view, statement);
  return statement;
}

absl::StatusOr<OnlineRows> SqliteReader::Read(const OnlineRead& read,
                                              const std::function<bool()>& give_up) {
  give_up_ = &give_up;
  OnlineRows rows;
  absl::Status status;
  if (const int code = sqlite3_exec(db_, "BEGIN", nullptr, nullptr, nullptr); code != SQLITE_OK) {
    status = Failure(code);
  } else {
    status = ReadAll(read, rows);
  }
  // Ends the transaction whatever came: an open one would keep a writer from committing.
  if (sqlite3_get_autocommit(db_) == 0) sqlite3_exec(db_, "COMMIT", nullptr, nullptr, nullptr);
  const bool gave_up = !status.ok() && give_up();
  give_up_ = nullptr;
  if (gave_up) return absl::CancelledError("the read was given up");
  if (!status.ok()) return status;
  return rows;
}

absl::Status SqliteReader::ReadAll(const OnlineRead& read, OnlineRows& rows) {
  rows.views.reserve(read.views->size());
  for (const ViewRead& view : *read.views) {
    const absl::StatusOr<sqlite3_stmt*> statement = StatementFor(view.view);
    if (!statement.ok()) return statement.status();
    const std::vector<std::string>& keys = read.key_sets[view.key_set];
    std::vector<StoredCell>& cells = rows.views.emplace_back(keys.size() * view.features.size());
    for (size_t k = 0; k < keys.size(); ++k) {
      const absl::Status status = ReadKey(*statement, keys[k], view.features,
                                          cells.data() + k * view.features.size(), rows.bytes);
      sqlite3_reset(*statement);
      sqlite3_clear_bindings(*statement);
      if (!status.ok()) return status;
    }
  }
  return absl::OkStatus();
}

absl::Status SqliteReader::ReadKey(sqlite3_stmt* statement, const std::string& key,
                                   const std::vector<std::string>& features, StoredCell* cells,
                                   std::string& bytes) {
  sqlite3_bind_blob64(statement, 1, key.data(), key.size(), SQLITE_STATIC);
  // Rows usually come in the order of the view's features, so the next one is tried first.
  size_t next = 0;
  for (;;) {
    const int code = sqlite3_step(statement);
    if (code == SQLITE_DONE) return absl::OkStatus();
    if (code != SQLITE_ROW) return Failure(code);
    const absl::string_view name = ColumnText(statement, 0);
    size_t found = features.size();
    for (size_t i = 0; i < features.size(); ++i) {
      const size_t at = next + i < features.size() ? next + i : next + i - features.size();
      if (features[at] == name) {
        found = at;
        break;
      }
    }
    if (found == features.size()) continue;
    next = found + 1 < features.size() ? found + 1 : 0;

    const absl::string_view value = ColumnText(statement, 1);
    if (bytes.size() + value.size() > options_.max_answer_bytes) {
      return absl::OutOfRangeError(
          absl::StrCat("the values asked for are more than ", options_.max_answer_bytes, " bytes"));
    }
    StoredCell& cell = cells[found];
    cell.present = true;
    cell.offset = bytes.size();
    cell.size = value.size();
    bytes.append(value.data(), value.size());
    SetEventTime(statement, cell);
  }
}

void SqliteReader::SetEventTime(sqlite3_stmt* statement, StoredCell& cell) const {
  switch (sqlite3_column_type(statement, 2)) {
    case SQLITE_INTEGER:
    case SQLITE_FLOAT:
      cell.event_seconds = sqlite3_column_int64(statement, 2) + options_.writer_offset_seconds;
      return;
    case SQLITE_TEXT:
      if (const auto time = ParseTextTime(ColumnText(statement, 2))) {
        cell.event_seconds = time->seconds;
        cell.event_nanos = time->nanos;
      }
      return;
    default:
      return;  // No time: 1970, which a reader takes for an unknown age.
  }
}

}  // namespace tournant
