#include "predictions/posix_log_files.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <filesystem>
#include <fstream>

#include "fakes/manual_clock.h"
#include "fakes/temp_dir.h"
#include "predictions/open_prediction_log.h"
#include "predictions/prediction_reader.h"
#include "predictions/sample_records.h"

namespace tournant {
namespace {

namespace fs = std::filesystem;

class PosixLogFilesTest : public testing::Test {
 protected:
  std::unique_ptr<LogDirectory> Make(const std::string& sub = "log") {
    auto directory = PosixLogDirectory::Make((folder_ / sub).string());
    EXPECT_TRUE(directory.ok()) << directory.status();
    return *std::move(directory);
  }

  TempDir temp_;
  const fs::path folder_ = temp_.path();
};

TEST_F(PosixLogFilesTest, MakeWriteRenameAndReadFiles) {
  const auto directory = Make("a/b");
  {
    auto file = directory->Create("x.open");
    ASSERT_TRUE(file.ok()) << file.status();
    ASSERT_EQ(*(*file)->Write("hello world"), 11u);
    ASSERT_TRUE((*file)->Sync().ok());
    ASSERT_TRUE((*file)->Truncate(5).ok());
    ASSERT_EQ(*(*file)->Write("!"), 1u);
  }
  EXPECT_EQ(directory->Create("x.open").status().code(), absl::StatusCode::kAlreadyExists);
  ASSERT_TRUE(directory->Rename("x.open", "x").ok());
  EXPECT_EQ(*directory->ReadAll("x"), "hello!");
  EXPECT_EQ(*directory->List(), std::vector<std::string>{"x"});
  const auto info = directory->InfoOf("x");
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(info->bytes, 6u);
  EXPECT_GT(info->written, WallTime(std::chrono::seconds(1'700'000'000)));
  ASSERT_TRUE(directory->Remove("x").ok());
  EXPECT_TRUE(directory->List()->empty());
}

TEST_F(PosixLogFilesTest, NameThePathInErrors) {
  const auto directory = Make();
  EXPECT_EQ(directory->ReadAll("gone").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(directory->InfoOf("gone").status().code(), absl::StatusCode::kNotFound);
  EXPECT_NE(directory->ReadAll("gone").status().message().find(directory->PathOf("gone")),
            absl::string_view::npos);
  std::ofstream(folder_ / "file") << "x";
  const auto below_a_file = PosixLogDirectory::Make((folder_ / "file" / "log").string());
  ASSERT_FALSE(below_a_file.ok());
  EXPECT_NE(below_a_file.status().message().find("file/log"), absl::string_view::npos);
}

TEST_F(PosixLogFilesTest, NeverReplaceAFileByRenaming) {
  const auto directory = Make();
  ASSERT_TRUE(directory->Create("a").ok());
  ASSERT_TRUE(directory->Create("b").ok());
  EXPECT_EQ(directory->Rename("a", "b").code(), absl::StatusCode::kAlreadyExists);
}

TEST_F(PosixLogFilesTest, AreNotRepairedWhileTheyAreWritten) {
  const auto directory = Make();
  const auto other = Make();
  auto file = directory->Create("x");
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(other->Open("x").status().code(), absl::StatusCode::kFailedPrecondition);
  file->reset();
  EXPECT_TRUE(other->Open("x").ok());
}

TEST_F(PosixLogFilesTest, HoldALogThatIsReadBackWhileAndAfterItIsWritten) {
  ManualClock clock;
  PredictionLog::Options options;
  const std::string sink = (folder_ / "log").string();
  auto log = OpenPredictionLog({.path = sink}, options, clock);
  ASSERT_TRUE(log.ok()) << log.status();
  for (int i = 0; i < 10; ++i) (*log)->Record(SampleRecord());
  (*log)->Flush();
  const auto count = [&](const std::string& path) {
    const auto summary = ReadPredictions(path, [](const LoggedPrediction&) { return true; });
    EXPECT_TRUE(summary.ok() && summary->problems.empty());
    return summary->records;
  };
  EXPECT_EQ(count(sink), 10u);

  // A second server in the same folder leaves the first one's file alone.
  auto second = OpenPredictionLog({.path = sink}, options, clock);
  ASSERT_TRUE(second.ok()) << second.status();
  (*second)->Record(SampleRecord());
  EXPECT_TRUE((*second)->Close(std::chrono::hours(1)));
  (*log)->Record(SampleRecord());
  EXPECT_TRUE((*log)->Close(std::chrono::hours(1)));
  EXPECT_EQ(count(sink), 12u);
  const auto names = Make()->List();
  ASSERT_EQ(names->size(), 2u);
  EXPECT_EQ(count((folder_ / "log" / names->front()).string()), 11u);
}

// No file of this process may grow beyond `bytes`: a disk without room for more.
class SmallDisk {
 public:
  explicit SmallDisk(rlim_t bytes) : handler_(signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit small{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
  }
  ~SmallDisk() {
    setrlimit(RLIMIT_FSIZE, &before_);
    signal(SIGXFSZ, handler_);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

 private:
  const sighandler_t handler_;
  rlimit before_{};
};

TEST_F(PosixLogFilesTest, TakeRecordsAgainOnceAFullDiskHasRoomAgain) {
  ManualClock clock;
  const std::string sink = (folder_ / "log").string();
  auto log = OpenPredictionLog({.path = sink}, {}, clock);
  ASSERT_TRUE(log.ok()) << log.status();
  {
    const SmallDisk disk(3000);
    for (const size_t bytes : {1000, 4000, 4000, 500}) {
      (*log)->Record(RecordOfSize(bytes));
      (*log)->Flush();
    }
  }
  EXPECT_EQ((*log)->counters().durable, 2u);
  EXPECT_EQ((*log)->counters().dropped_io, 2u);
  (*log)->Record(RecordOfSize(4000));
  EXPECT_TRUE((*log)->Close(std::chrono::hours(1)));
  EXPECT_EQ((*log)->counters().durable, 3u);
  std::vector<uint64_t> sequences;
  const auto summary = ReadPredictions(sink, [&](const LoggedPrediction& record) {
    sequences.push_back(record.sequence());
    return true;
  });
  ASSERT_TRUE(summary.ok());
  EXPECT_EQ(sequences, (std::vector<uint64_t>{1, 4, 5}));
  EXPECT_EQ(summary->missing, 2u);
  for (const ReadProblem& problem : summary->problems) {
    EXPECT_EQ(problem.kind, ReadProblem::Kind::kGap) << problem.text;
  }
}

TEST_F(PosixLogFilesTest, TellAtTheNextSyncThatTheyWereRemoved) {
  const auto directory = Make();
  const auto file = directory->Create("x");
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE((*file)->Write("hello").ok());
  ASSERT_TRUE((*file)->Sync().ok());
  ASSERT_TRUE(directory->Remove("x").ok());
  ASSERT_TRUE((*file)->Write(" world").ok());
  EXPECT_EQ((*file)->Sync().message(),
            directory->PathOf("x") + " was removed while it was written");
}

TEST_F(PosixLogFilesTest, AreMadeAnewWithTheirFolderWhenSomebodyRemovedIt) {
  ManualClock clock;
  const std::string sink = (folder_ / "a" / "log").string();
  auto log = OpenPredictionLog({.path = sink}, {}, clock);
  ASSERT_TRUE(log.ok()) << log.status();
  const auto records = [&] {
    const auto summary = ReadPredictions(sink, [](const LoggedPrediction&) { return true; });
    return summary.ok() ? summary->records : 0;
  };
  (*log)->Record(SampleRecord());
  (*log)->Flush();
  EXPECT_EQ(records(), 1u);
  fs::remove_all(folder_ / "a");
  (*log)->Record(SampleRecord());
  (*log)->Flush();
  EXPECT_EQ((*log)->counters().durable, 2u);
  EXPECT_EQ(records(), 1u) << "the first is gone, the second must not be";

  // While there can be no folder nothing counts as durable.
  fs::remove_all(folder_ / "a");
  std::ofstream(folder_ / "a") << "x";
  (*log)->Record(SampleRecord());
  (*log)->Flush();
  EXPECT_EQ((*log)->counters().durable, 2u);
  EXPECT_EQ((*log)->counters().dropped_io, 1u);
  EXPECT_NE((*log)->StatusJson().find((folder_ / "a").string()), std::string::npos);
  fs::remove(folder_ / "a");
  (*log)->Record(SampleRecord());
  (*log)->Flush();
  EXPECT_EQ((*log)->counters().durable, 3u);
  EXPECT_EQ(records(), 1u);
}

TEST_F(PosixLogFilesTest, ThatCannotBeMadeAreAnErrorThatNamesThem) {
  std::ofstream(folder_ / "file") << "x";
  ManualClock clock;
  PredictionLog::Options options;
  const std::string sink = (folder_ / "file").string();
  const auto log = OpenPredictionLog({.path = sink}, options, clock);
  ASSERT_FALSE(log.ok());
  EXPECT_EQ(std::string(log.status().message()).rfind("prediction log: ", 0), 0u);
  EXPECT_NE(log.status().message().find(sink), absl::string_view::npos);
}

}  // namespace
}  // namespace tournant
