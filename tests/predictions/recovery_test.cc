#include "predictions/recovery.h"

#include <gtest/gtest.h>

#include "fakes/manual_clock.h"
#include "predictions/fake_log_files.h"
#include "predictions/prediction_log.h"
#include "predictions/prediction_reader.h"
#include "predictions/record_codec.h"
#include "predictions/record_frame.h"
#include "predictions/run_end.h"
#include "predictions/sample_records.h"

namespace tournant {
namespace {

constexpr char kOpen[] = "predictions-20131001T120000.000000Z-00000001.tpred.open";
constexpr char kFinished[] = "predictions-20131001T120000.000000Z-00000001.tpred";

struct Left {
  std::string bytes;
  std::vector<size_t> ends;
};

Left MakeFile(int records) {
  Left left;
  AppendFileHeader({5, 1}, left.bytes);
  left.ends.push_back(left.bytes.size());
  for (int i = 1; i <= records; ++i) {
    std::string payload;
    EXPECT_TRUE(EncodeRecord(SampleRecord(), static_cast<uint64_t>(i), payload).ok());
    AppendFrame(payload, left.bytes.size(), left.bytes);
    left.ends.push_back(left.bytes.size());
  }
  return left;
}

std::map<std::string, std::string> Recovered(const std::string& bytes) {
  FakeDisk disk;
  disk.Put(kOpen, bytes);
  FakeLogDirectory directory(disk);
  EXPECT_TRUE(RecoverOpenFiles(directory).ok());
  return disk.files();
}

TEST(Recovery, KeepsAFileThatHoldsNothingButTheEndOfItsRun) {
  std::string bytes = MakeFile(0).bytes;
  AppendFrame(EncodeRunEnd({.enqueued = 3}), bytes.size(), bytes, kRunEndMarker);
  const auto files = Recovered(bytes);
  ASSERT_EQ(files.size(), 1u);
  EXPECT_EQ(files.begin()->first, kFinished);
  EXPECT_EQ(files.begin()->second, bytes);
}

TEST(Recovery, KeepsEveryWholeRecordOfAFileThatIsCutOffAnywhere) {
  const Left left = MakeFile(3);
  for (size_t size = 0; size <= left.bytes.size(); ++size) {
    size_t whole = 0;
    while (whole < 3 && left.ends[whole + 1] <= size) ++whole;
    const auto files = Recovered(left.bytes.substr(0, size));
    if (whole == 0) {
      ASSERT_TRUE(files.empty()) << size;
    } else {
      ASSERT_EQ(files.size(), 1u) << size;
      ASSERT_EQ(files.begin()->first, kFinished);
      ASSERT_EQ(files.begin()->second, left.bytes.substr(0, left.ends[whole])) << size;
    }
  }
}

TEST(Recovery, KeepsRecordsBehindDamage) {
  const Left left = MakeFile(3);
  std::string bytes = left.bytes;
  bytes[left.ends[1] + 20] ^= 1;
  const auto files = Recovered(bytes + "torn");
  ASSERT_EQ(files.count(kFinished), 1u);
  EXPECT_EQ(files.at(kFinished), bytes);
}

TEST(Recovery, PutsAFileAsideOfWhichNothingCanBeRead) {
  const std::string bytes(500, 'x');
  const auto files = Recovered(bytes);
  ASSERT_EQ(files.count(std::string(kFinished) + ".damaged"), 1u);
  EXPECT_EQ(files.begin()->second, bytes);
}

TEST(Recovery, LeavesFinishedAndForeignFilesAlone) {
  FakeDisk disk;
  disk.Put(kFinished, "whatever");
  disk.Put("notes.txt", "mine");
  disk.Put("other.tpred.open", "not ours");
  FakeLogDirectory directory(disk);
  ASSERT_TRUE(RecoverOpenFiles(directory).ok());
  EXPECT_EQ(disk.files().at(kFinished), "whatever");
  EXPECT_EQ(disk.files().at("notes.txt"), "mine");
  EXPECT_EQ(disk.files().at("other.tpred.open"), "not ours");
}

TEST(Recovery, HappensBeforeALogIsWritten) {
  FakeDisk disk;
  const Left left = MakeFile(2);
  disk.Put(kOpen, left.bytes + "torn");
  ManualClock clock;
  auto log = PredictionLog::Open({}, clock, std::make_unique<FakeLogDirectory>(disk), EncodeRecord);
  ASSERT_TRUE(log.ok());
  (*log)->Record(SampleRecord());
  (*log)->Flush();
  EXPECT_EQ(disk.files().at(kFinished), left.bytes);
  const auto summary =
      ReadPredictions(FakeLogDirectory(disk), [](const LoggedPrediction&) { return true; });
  ASSERT_TRUE(summary.ok());
  EXPECT_EQ(summary->records, 3u);
  EXPECT_EQ(summary->files, 2u);
  EXPECT_TRUE(summary->problems.empty());
}

}  // namespace
}  // namespace tournant
