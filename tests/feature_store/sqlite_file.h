#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "fakes/temp_dir.h"

namespace tournant {

// A SQLite file that is gone with this object. Writes like Feast, in whatever schema the test asks
// for.
class SqliteFile {
 public:
  explicit SqliteFile(const std::string& name) : path_((folder_.path() / name).native()) {
    EXPECT_EQ(sqlite3_open(path_.c_str(), &db_), SQLITE_OK);
    Run("PRAGMA synchronous = OFF");  // no test survives a power cut
  }
  ~SqliteFile() { sqlite3_close(db_); }
  SqliteFile(const SqliteFile&) = delete;
  SqliteFile& operator=(const SqliteFile&) = delete;

  const std::string& path() const { return path_; }

  void Run(const std::string& sql) {
    char* error = nullptr;
    EXPECT_EQ(sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, &error), SQLITE_OK)
        << sql << ": " << (error ? error : "");
    sqlite3_free(error);
  }

  // The table of Feast 0.10 to 0.38; later columns are added by tests that want them.
  void CreateTable(const std::string& table) {
    Run(absl::StrCat("CREATE TABLE \"", table,
                     "\" (entity_key BLOB, feature_name TEXT, value BLOB, event_ts timestamp, "
                     "created_ts timestamp, PRIMARY KEY(entity_key, feature_name))"));
  }

  // `value_hex` and `event_ts` go in as SQL: "X''"-less hex, and a literal such as 5 or '2021-...'.
  void Put(const std::string& table, const std::string& key, const std::string& feature,
           const std::string& value_hex, const std::string& event_ts) {
    Run(absl::StrCat(
        "INSERT INTO \"", table, "\" (entity_key, feature_name, value, event_ts) VALUES (X'",
        absl::BytesToHexString(key), "', '", feature, "', X'", value_hex, "', ", event_ts, ")"));
  }

 private:
  const TempDir folder_;
  const std::string path_;
  sqlite3* db_ = nullptr;
};

}  // namespace tournant
