#include "feature_store/sqlite_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/escaping.h"
#include "base/status.h"
#include "fakes/temp_dir.h"
#include "fakes/test_call.h"
#include "feature_store/sqlite_file.h"

namespace tournant {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kTable[] = "shop_stats";

SqliteStore::Options At(const std::string& path) {
  SqliteStore::Options options;
  options.reader.path = path;
  options.reader.project = "shop";
  options.reader_threads = 1;
  return options;
}

OnlineRead ReadOf(std::vector<ViewRead> views, std::vector<std::vector<std::string>> key_sets) {
  return {std::make_shared<const std::vector<ViewRead>>(std::move(views)), std::move(key_sets)};
}

std::unique_ptr<SqliteStore> Open(const SqliteStore::Options& options) {
  absl::StatusOr<std::unique_ptr<SqliteStore>> store = SqliteStore::Open(options);
  EXPECT_TRUE(store.ok()) << store.status();
  return store.ok() ? *std::move(store) : nullptr;
}

absl::StatusOr<OnlineRows> ReadNow(SqliteStore& store, OnlineRead read) {
  TestCall call;
  Started<absl::StatusOr<OnlineRows>> reading(store.Read(call.context, std::move(read)));
  while (!reading.done()) call.loop.WaitAndRun();
  return *std::move(reading.result);
}

std::string Hex(const OnlineRows& rows, const StoredCell& cell) {
  return absl::BytesToHexString(rows.Value(cell));
}

TEST(SqliteStore, ReadsAllKeysAndFeaturesOfSeveralViewsAtOnce) {
  SqliteFile file("store.db");
  file.CreateTable(kTable);
  file.CreateTable("shop_other");
  file.Put(kTable, "k1", "a", "2001", "100");
  file.Put(kTable, "k1", "b", "2002", "100");
  file.Put(kTable, "k2", "b", "2003", "200");
  file.Put(kTable, "k2", "unasked", "2004", "200");
  file.Put("shop_other", "o", "c", "3801", "300");
  const auto store = Open(At(file.path()));
  const auto rows = ReadNow(
      *store, ReadOf({{"stats", {"b", "a"}, 0}, {"other", {"c"}, 1}}, {{"k1", "k2", "k3"}, {"o"}}));
  ASSERT_TRUE(rows.ok()) << rows.status();
  const std::vector<StoredCell>& stats = rows->views[0];
  ASSERT_EQ(stats.size(), 6u);
  EXPECT_EQ(Hex(*rows, stats[0]), "2002");
  EXPECT_EQ(Hex(*rows, stats[1]), "2001");
  EXPECT_EQ(stats[1].event_seconds, 100);
  EXPECT_EQ(Hex(*rows, stats[2]), "2003");
  EXPECT_FALSE(stats[3].present);
  EXPECT_FALSE(stats[4].present);
  EXPECT_FALSE(stats[5].present);
  EXPECT_EQ(Hex(*rows, rows->views[1][0]), "3801");
  EXPECT_EQ(rows->views[1][0].event_seconds, 300);
}

TEST(SqliteStore, AZeroLengthOrNullValueIsAStoredNullNotAnAbsentOne) {
  SqliteFile file("store.db");
  file.CreateTable(kTable);
  file.Put(kTable, "k", "empty", "", "7");
  file.Run("INSERT INTO shop_stats (entity_key, feature_name, event_ts) VALUES (X'6b', 'null', 8)");
  const auto store = Open(At(file.path()));
  const auto rows = ReadNow(*store, ReadOf({{"stats", {"empty", "null", "absent"}, 0}}, {{"k"}}));
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_TRUE(rows->views[0][0].present);
  EXPECT_EQ(rows->views[0][0].size, 0u);
  EXPECT_EQ(rows->views[0][0].event_seconds, 7);
  EXPECT_TRUE(rows->views[0][1].present);
  EXPECT_EQ(rows->views[0][1].event_seconds, 8);
  EXPECT_FALSE(rows->views[0][2].present);
}

TEST(SqliteStore, ReadsEverySchemaThatFeastHasHad) {
  SqliteFile file("store.db");
  file.CreateTable("shop_oldest");
  file.Put("shop_oldest", "k", "f", "2001", "'2021-05-06 07:08:09.25'");
  file.Run(
      "CREATE TABLE \"shop_newest\" (entity_key BLOB, feature_name TEXT, value BLOB, "
      "value_text TEXT, value_num REAL, vector_value BLOB, event_ts timestamp, created_ts "
      "timestamp, PRIMARY KEY(entity_key, feature_name)); CREATE INDEX shop_newest_ek ON "
      "shop_newest (entity_key)");
  file.Put("shop_newest", "k", "f", "2002", "1620284889");
  const auto store = Open(At(file.path()));
  const auto rows = ReadNow(*store, ReadOf({{"oldest", {"f"}, 0}, {"newest", {"f"}, 0}}, {{"k"}}));
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_EQ(Hex(*rows, rows->views[0][0]), "2001");
  EXPECT_EQ(rows->views[0][0].event_seconds, 1620284889);
  EXPECT_EQ(rows->views[0][0].event_nanos, 250'000'000);
  EXPECT_EQ(Hex(*rows, rows->views[1][0]), "2002");
  EXPECT_EQ(rows->views[1][0].event_seconds, 1620284889);
  EXPECT_EQ(rows->views[1][0].event_nanos, 0);
}

TEST(SqliteStore, UndoesTheWritersZoneInIntegersOnly) {
  SqliteFile file("store.db");
  file.CreateTable(kTable);
  // The same moment, 2026-01-29T10:00:00Z, as Feast in New York wrote it since 0.42 and before.
  file.Put(kTable, "k", "since", "2001", "1769698800");
  file.Put(kTable, "k", "before", "2001", "'2026-01-29 10:00:00'");
  SqliteStore::Options options = At(file.path());
  options.reader.writer_offset_seconds = -5 * 3600;
  const auto store = Open(options);
  const auto rows = ReadNow(*store, ReadOf({{"stats", {"since", "before"}, 0}}, {{"k"}}));
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_EQ(rows->views[0][0].event_seconds, 1769680800);
  EXPECT_EQ(rows->views[0][1].event_seconds, 1769680800);
}

TEST(SqliteStore, TablesWithOddNamesAreQuoted) {
  SqliteFile file("store.db");
  file.Run(
      "CREATE TABLE \"shop_my-view \"\"x\"\"\" (entity_key BLOB, feature_name TEXT, value BLOB, "
      "event_ts timestamp)");
  const auto store = Open(At(file.path()));
  const auto rows = ReadNow(*store, ReadOf({{"my-view \"x\"", {"f"}, 0}}, {{"k"}}));
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_FALSE(rows->views[0][0].present);
}

TEST(SqliteStore, SeesWhatAWriterCommitsLater) {
  SqliteFile file("store.db");
  file.CreateTable(kTable);
  const auto store = Open(At(file.path()));
  const auto read = [&] { return ReadNow(*store, ReadOf({{"stats", {"f"}, 0}}, {{"k"}})); };
  EXPECT_FALSE(read()->views[0][0].present);
  file.Put(kTable, "k", "f", "2001", "5");
  EXPECT_TRUE(read()->views[0][0].present);
  // A writer may also change the table itself; statements are prepared again.
  file.Run("ALTER TABLE shop_stats ADD COLUMN value_text TEXT");
  EXPECT_EQ(Hex(*read(), read()->views[0][0]), "2001");
}

TEST(SqliteStore, AFileThatIsMovedOverItIsReadAndABrokenOneIsNot) {
  SqliteFile file("store.db");
  file.CreateTable(kTable);
  file.Put(kTable, "k", "f", "2001", "5");
  SqliteStore::Options options = At(file.path());
  options.reader_threads = 1;
  const auto store = Open(options);
  const auto value = [&] {
    const auto rows = ReadNow(*store, ReadOf({{"stats", {"f"}, 0}}, {{"k"}}));
    return rows.ok() ? Hex(*rows, rows->views[0][0]) : std::string(rows.status().message());
  };
  EXPECT_EQ(value(), "2001");

  // As `feast teardown` leaves it, until something is there again.
  std::filesystem::remove(file.path());
  EXPECT_EQ(value(), "2001");
  ::testing::internal::CaptureStderr();
  std::ofstream(file.path()) << "half a copy";
  for (int i = 0; i < 3; ++i) EXPECT_EQ(value(), "2001");
  const std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 1) << log;
  EXPECT_THAT(log, HasSubstr("the one before stays"));

  SqliteFile next("next.db");
  next.CreateTable(kTable);
  next.Put(kTable, "k", "f", "2002", "5");
  std::filesystem::rename(next.path(), file.path());
  EXPECT_EQ(value(), "2002");
}

TEST(SqliteStore, AViewWithoutATableOrWithForeignColumnsIsNamed) {
  SqliteFile file("store.db");
  file.CreateTable(kTable);
  file.Run("CREATE TABLE shop_alien (id INTEGER)");
  const auto store = Open(At(file.path()));
  const auto missing = ReadNow(*store, ReadOf({{"no_such", {"f"}, 0}}, {{"k"}}));
  EXPECT_EQ(missing.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(missing.status().message()),
              AllOf(HasSubstr("'no_such'"), HasSubstr(file.path())));
  EXPECT_EQ(ReadNow(*store, ReadOf({{"alien", {"f"}, 0}}, {{"k"}})).status().code(),
            absl::StatusCode::kFailedPrecondition);
  // The store goes on serving the others.
  EXPECT_TRUE(ReadNow(*store, ReadOf({{"stats", {"f"}, 0}}, {{"k"}})).ok());
}

TEST(SqliteStore, AMissingEmptyTruncatedOrForeignFileIsRefusedByName) {
  const TempDir folder;
  const std::string missing = (folder.path() / "no_such_store.db").native();
  const auto absent = SqliteStore::Open(At(missing));
  EXPECT_EQ(absent.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(absent.status().message()), HasSubstr(missing));

  const std::string path = (folder.path() / "broken_store.db").native();
  std::ofstream(path, std::ios::binary | std::ios::trunc).flush();
  const auto empty = SqliteStore::Open(At(path));
  EXPECT_EQ(empty.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(empty.status().message()), AllOf(HasSubstr(path), HasSubstr("empty")));

  const std::string whole = std::string(TOURNANT_TEST_DATA_DIR) + "/online_store.db";
  std::filesystem::copy_file(whole, path, std::filesystem::copy_options::overwrite_existing);
  std::filesystem::permissions(path, std::filesystem::perms::owner_write,
                               std::filesystem::perm_options::add);
  for (const uintmax_t size : {1'000'000, 4096, 700}) {
    std::filesystem::resize_file(path, size);
    const auto cut = SqliteStore::Open(At(path));
    EXPECT_EQ(cut.status().code(), absl::StatusCode::kInvalidArgument) << size;
    EXPECT_THAT(std::string(cut.status().message()), HasSubstr(path)) << size;
  }
  std::ofstream(path, std::ios::binary | std::ios::trunc) << std::string(8192, 'x');
  EXPECT_EQ(SqliteStore::Open(At(path)).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(SqliteStore, PathsWithReservedCharactersAreOpened) {
  SqliteFile file("a?b#c%41 d.db");
  file.CreateTable(kTable);
  const auto store = Open(At(file.path()));
  EXPECT_TRUE(ReadNow(*store, ReadOf({{"stats", {"f"}, 0}}, {{"k"}})).ok());
}

TEST(SqliteStore, ALockedDatabaseIsWaitedForAndReadWhenItIsFree) {
  SqliteFile file("store.db");
  file.CreateTable(kTable);
  file.Put(kTable, "k", "f", "2001", "5");
  const auto store = Open(At(file.path()));
  file.Run("BEGIN EXCLUSIVE");
  TestCall call;
  Started<absl::StatusOr<OnlineRows>> reading(
      store->Read(call.context, ReadOf({{"stats", {"f"}, 0}}, {{"k"}})));
  call.loop.RunUntilIdle();
  EXPECT_FALSE(reading.done());
  file.Run("COMMIT");
  while (!reading.done()) call.loop.WaitAndRun();
  ASSERT_TRUE(reading.result->ok()) << reading.result->status();
  EXPECT_TRUE((*reading.result)->views[0][0].present);
}

TEST(SqliteStore, ALockedDatabaseCostsACallNoMoreThanItsDeadline) {
  SqliteFile file("store.db");
  file.CreateTable(kTable);
  const auto store = Open(At(file.path()));
  file.Run("BEGIN EXCLUSIVE");
  TestCall call;
  Started<absl::StatusOr<OnlineRows>> first(
      store->Read(call.context, ReadOf({{"stats", {"f"}, 0}}, {{"k"}})));
  Started<absl::StatusOr<OnlineRows>> second(
      store->Read(call.context, ReadOf({{"stats", {"f"}, 0}}, {{"k"}})));
  call.loop.Advance(std::chrono::seconds(1));
  ASSERT_TRUE(first.done());
  ASSERT_TRUE(second.done());
  EXPECT_EQ(first.result->status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(second.result->status().code(), absl::StatusCode::kDeadlineExceeded);
  // The reader thread gave up too: it is free for the next call.
  file.Run("COMMIT");
  EXPECT_TRUE(ReadNow(*store, ReadOf({{"stats", {"f"}, 0}}, {{"k"}})).ok());
}

TEST(SqliteStore, ACallersCancelEndsTheWaitAtOnce) {
  SqliteFile file("store.db");
  file.CreateTable(kTable);
  const auto store = Open(At(file.path()));
  file.Run("BEGIN EXCLUSIVE");
  TestCall call;
  Started<absl::StatusOr<OnlineRows>> reading(
      store->Read(call.context, ReadOf({{"stats", {"f"}, 0}}, {{"k"}})));
  call.stop.request_stop();
  call.loop.RunUntilIdle();
  ASSERT_TRUE(reading.done());
  EXPECT_EQ(reading.result->status().code(), absl::StatusCode::kCancelled);
  file.Run("COMMIT");
}

TEST(SqliteStore, AFullQueueRefusesAndThoseWhoLeftMakeRoom) {
  SqliteFile file("store.db");
  file.CreateTable(kTable);
  SqliteStore::Options options = At(file.path());
  options.max_waiting = 2;
  const auto store = Open(options);
  file.Run("BEGIN EXCLUSIVE");
  TestCall call;
  std::vector<std::unique_ptr<Started<absl::StatusOr<OnlineRows>>>> reads;
  const auto start = [&] {
    reads.push_back(std::make_unique<Started<absl::StatusOr<OnlineRows>>>(
        store->Read(call.context, ReadOf({{"stats", {"f"}, 0}}, {{"k"}}))));
    return reads.back()->done();
  };
  // One may be with the blocked reader and two wait: the fourth at the latest is too many, the
  // third if the reader has not come yet. It may come at any time and make room, so that one is the
  // last.
  bool refused = false;
  for (int i = 0; i < 4 && !refused; ++i) refused = start();
  ASSERT_TRUE(refused);
  const absl::Status status = reads.back()->result->status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(OverloadOf(status)->reason, "FEATURE_STORE_QUEUE_FULL");

  call.loop.Advance(std::chrono::seconds(1));
  for (const auto& read : reads) EXPECT_TRUE(read->done());
  file.Run("COMMIT");
  EXPECT_TRUE(ReadNow(*store, ReadOf({{"stats", {"f"}, 0}}, {{"k"}})).ok());
}

TEST(SqliteStore, ABoundOnTheAnswerKeepsMemoryInLimits) {
  SqliteFile file("store.db");
  file.CreateTable(kTable);
  file.Put(kTable, "k", "f", "12083132333435363738", "5");
  SqliteStore::Options options = At(file.path());
  options.reader.max_answer_bytes = 25;
  const auto store = Open(options);
  EXPECT_TRUE(ReadNow(*store, ReadOf({{"stats", {"f"}, 0}}, {{"k", "l"}})).ok());
  const auto rows =
      ReadNow(*store, ReadOf({{"stats", {"f"}, 0}, {"stats", {"f"}, 1}, {"stats", {"f"}, 2}},
                             {{"k"}, {"k"}, {"k"}}));
  EXPECT_EQ(rows.status().code(), absl::StatusCode::kOutOfRange);
}

TEST(SqliteStore, ManyReadsOnSeveralThreadsAllComeBack) {
  SqliteFile file("store.db");
  file.CreateTable(kTable);
  for (int i = 0; i < 50; ++i) {
    file.Put(kTable, absl::StrCat("k", i), "f", "2001", absl::StrCat(i));
  }
  SqliteStore::Options options = At(file.path());
  options.reader_threads = 3;
  const auto store = Open(options);
  TestCall call;
  std::vector<std::unique_ptr<Started<absl::StatusOr<OnlineRows>>>> reads;
  for (int i = 0; i < 200; ++i) {
    reads.push_back(std::make_unique<Started<absl::StatusOr<OnlineRows>>>(
        store->Read(call.context, ReadOf({{"stats", {"f"}, 0}}, {{absl::StrCat("k", i % 50)}}))));
  }
  for (int i = 0; i < 200; ++i) {
    while (!reads[i]->done()) call.loop.WaitAndRun();
    ASSERT_TRUE(reads[i]->result->ok()) << reads[i]->result->status();
    EXPECT_EQ((*reads[i]->result)->views[0][0].event_seconds, i % 50);
  }
}

}  // namespace
}  // namespace tournant
