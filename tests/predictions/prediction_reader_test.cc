#include "predictions/prediction_reader.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>

#include "fakes/temp_dir.h"
#include "predictions/crc32c.h"
#include "predictions/fake_log_files.h"
#include "predictions/record_codec.h"
#include "predictions/record_frame.h"
#include "predictions/run_end.h"
#include "predictions/sample_records.h"

namespace tournant {
namespace {

using Kind = ReadProblem::Kind;

constexpr char kFirst[] = "predictions-20131001T120000.000000Z-00000001.tpred";
constexpr char kSecond[] = "predictions-20131001T120000.000000Z-00000002.tpred";

std::string FileOf(uint64_t run, const std::vector<uint64_t>& sequences, uint64_t index = 1) {
  std::string bytes;
  AppendFileHeader({run, index}, bytes);
  for (const uint64_t sequence : sequences) {
    std::string payload;
    EXPECT_TRUE(EncodeRecord(SampleRecord(), sequence, payload).ok());
    AppendFrame(payload, bytes.size(), bytes);
  }
  return bytes;
}

std::string EndedFileOf(uint64_t run, const std::vector<uint64_t>& sequences, uint64_t enqueued) {
  std::string bytes = FileOf(run, sequences);
  AppendFrame(EncodeRunEnd({.enqueued = enqueued}), bytes.size(), bytes, kRunEndMarker);
  return bytes;
}

struct Result {
  std::vector<std::string> runs;  // Of the records.
  std::vector<uint64_t> sequences;
  ReadSummary summary;
};

Result ReadAllOf(FakeDisk& disk) {
  Result result;
  auto summary = ReadPredictions(FakeLogDirectory(disk), [&](const LoggedPrediction& record) {
    result.sequences.push_back(record.sequence());
    result.runs.push_back(record.run());
    return true;
  });
  EXPECT_TRUE(summary.ok());
  result.summary = *std::move(summary);
  return result;
}

TEST(PredictionReader, ReadsFilesInOrder) {
  FakeDisk disk;
  disk.Put(kSecond, FileOf(1, {3, 4}));
  disk.Put(kFirst, FileOf(1, {1, 2}));
  disk.Put("README", "not a log");
  const Result result = ReadAllOf(disk);
  EXPECT_EQ(result.sequences, (std::vector<uint64_t>{1, 2, 3, 4}));
  EXPECT_EQ(result.summary.files, 2u);
  EXPECT_EQ(result.summary.records, 4u);
  EXPECT_TRUE(result.summary.problems.empty());
}

TEST(PredictionReader, ProvesGapsWithinARun) {
  FakeDisk disk;
  disk.Put(kFirst, FileOf(1, {1, 2, 5}));
  disk.Put(kSecond, FileOf(2, {2}));
  const Result result = ReadAllOf(disk);
  EXPECT_EQ(result.summary.missing, 3u);
  ASSERT_EQ(result.summary.problems.size(), 2u);
  EXPECT_EQ(result.summary.problems[0].kind, Kind::kGap);
  EXPECT_EQ(result.summary.problems[0].size, 2u);
  EXPECT_NE(result.summary.problems[0].text.find("records 3 to 4 are missing"), std::string::npos);
  EXPECT_EQ(result.summary.problems[1].size, 1u);  // The second run begins at 1, too.
}

TEST(PredictionReader, ProvesWhatIsMissingAfterTheLastRecordOfARunThatEnded) {
  FakeDisk disk;
  disk.Put(kFirst, EndedFileOf(1, {1, 2}, 5));
  const Result result = ReadAllOf(disk);
  EXPECT_EQ(result.summary.missing, 3u);
  ASSERT_EQ(result.summary.problems.size(), 1u);
  EXPECT_NE(
      result.summary.problems[0].text.find("records 3 to 5 are missing before the end of the run"),
      std::string::npos);
  ASSERT_EQ(result.summary.runs.size(), 1u);
  const RunSummary& run = result.summary.runs[0];
  ASSERT_TRUE(run.end);
  EXPECT_EQ(run.end->enqueued(), 5u);
  EXPECT_EQ(run.records, 2u);
  EXPECT_EQ(run.last, 2u);
  EXPECT_EQ(run.missing, 3u);
}

TEST(PredictionReader, TellsTheRunsOfAFolderApart) {
  FakeDisk disk;
  disk.Put(kFirst, EndedFileOf(1, {1, 2}, 2));
  disk.Put(kSecond, FileOf(2, {1}));
  const Result result = ReadAllOf(disk);
  EXPECT_TRUE(result.summary.problems.empty());
  ASSERT_EQ(result.summary.runs.size(), 2u);
  EXPECT_EQ(result.summary.runs[0].run, "19700101T000000.000001Z");
  EXPECT_EQ(result.runs,
            (std::vector<std::string>{"19700101T000000.000001Z", "19700101T000000.000001Z",
                                      "19700101T000000.000002Z"}));
  EXPECT_TRUE(result.summary.runs[0].end);
  EXPECT_FALSE(result.summary.runs[1].end);
  EXPECT_TRUE(result.summary.runs[1].marks_end);
}

TEST(PredictionReader, DoesNotMissWhatCameBeforeAFileThatIsReadAlone) {
  const TempDir folder;
  folder.Write(kSecond, FileOf(1, {5, 8}, 2));
  const auto summary = ReadPredictions((folder.path() / kSecond).native(),
                                       [](const LoggedPrediction&) { return true; });
  ASSERT_TRUE(summary.ok());
  EXPECT_EQ(summary->missing, 2u);
}

TEST(PredictionReader, ReportsATornTailWithItsFile) {
  FakeDisk disk;
  const std::string whole = FileOf(1, {1, 2});
  disk.Put(kFirst, whole.substr(0, whole.size() - 1));
  const Result result = ReadAllOf(disk);
  EXPECT_EQ(result.sequences, std::vector<uint64_t>{1});
  ASSERT_EQ(result.summary.problems.size(), 1u);
  EXPECT_EQ(result.summary.problems[0].kind, Kind::kTornTail);
  EXPECT_EQ(result.summary.problems[0].file, kFirst);
  EXPECT_NE(result.summary.problems[0].text.find(std::string("disk/") + kFirst), std::string::npos);
}

TEST(PredictionReader, PassesOverDamageAndNeverGivesADamagedRecord) {
  const std::string whole = FileOf(1, {1, 2, 3});
  for (size_t at = kFileHeaderSize; at < whole.size(); at += 3) {
    FakeDisk disk;
    std::string bytes = whole;
    bytes[at] ^= 0x10;
    disk.Put(kFirst, bytes);
    const Result result = ReadAllOf(disk);
    ASSERT_EQ(result.sequences.size(), 2u) << at;
    ASSERT_FALSE(result.summary.problems.empty()) << at;
  }
}

TEST(PredictionReader, ReadsTheRecordsOfAFileWhoseHeaderIsDamaged) {
  FakeDisk disk;
  std::string bytes = FileOf(1, {1, 2});
  bytes[17] ^= 1;
  disk.Put(kFirst, bytes);
  const Result result = ReadAllOf(disk);
  EXPECT_EQ(result.sequences, (std::vector<uint64_t>{1, 2}));
  ASSERT_EQ(result.summary.problems.size(), 1u);
  EXPECT_EQ(result.summary.problems[0].kind, Kind::kUnreadable);
}

TEST(PredictionReader, DoesNotReadAFormatThatItDoesNotKnow) {
  FakeDisk disk;
  std::string bytes = FileOf(1, {1});
  bytes[8] = 4;  // The version; with a CRC that fits, as a later program would write it.
  const uint32_t crc = Crc32c(bytes.substr(0, 36));
  std::memcpy(bytes.data() + 36, &crc, sizeof crc);
  disk.Put(kFirst, bytes);
  const Result result = ReadAllOf(disk);
  EXPECT_TRUE(result.sequences.empty());
  ASSERT_EQ(result.summary.problems.size(), 1u);
  EXPECT_EQ(result.summary.problems[0].kind, Kind::kUnreadable);
  EXPECT_NE(result.summary.problems[0].text.find("format version 4"), std::string::npos);
}

TEST(PredictionReader, TellsAFileThatIsNoLogFromOneThatHasJustBegun) {
  const auto kind_of = [](const std::string& bytes) {
    FakeDisk disk;
    disk.Put(kFirst, bytes);
    const Result result = ReadAllOf(disk);
    EXPECT_EQ(result.summary.problems.size(), 1u);
    return result.summary.problems.front().kind;
  };
  const std::string whole = FileOf(1, {});
  EXPECT_EQ(kind_of(""), Kind::kTornTail);
  EXPECT_EQ(kind_of(whole.substr(0, 3)), Kind::kTornTail);
  EXPECT_EQ(kind_of(whole.substr(0, whole.size() - 1)), Kind::kTornTail);
  EXPECT_EQ(kind_of("x,label\n"), Kind::kUnreadable);
  EXPECT_EQ(kind_of("\x89PNG"), Kind::kUnreadable);
}

TEST(PredictionReader, ReportsAValidFrameThatHoldsNoPrediction) {
  FakeDisk disk;
  std::string bytes = FileOf(1, {1});
  AppendFrame("\xff\xff\xff", bytes.size(), bytes);
  disk.Put(kFirst, bytes);
  const Result result = ReadAllOf(disk);
  EXPECT_EQ(result.sequences, std::vector<uint64_t>{1});
  ASSERT_EQ(result.summary.problems.size(), 1u);
  EXPECT_EQ(result.summary.problems[0].kind, Kind::kDamage);
}

TEST(PredictionReader, TakesNumbersThatNoLogGivesForDamage) {
  for (const uint64_t number : {uint64_t{0}, UINT64_MAX}) {
    FakeDisk disk;
    disk.Put(kFirst, FileOf(1, {1, number, 3}));
    disk.Put(kSecond, FileOf(1, {number, 5}, 2));
    const Result result = ReadAllOf(disk);
    EXPECT_EQ(result.sequences, (std::vector<uint64_t>{1, 3, 5}));
    EXPECT_EQ(result.summary.missing, 2u);
    EXPECT_EQ(result.summary.pruned, 0u);
    ASSERT_EQ(result.summary.problems.size(), 4u);
    EXPECT_EQ(result.summary.problems[0].kind, Kind::kDamage);
    EXPECT_NE(result.summary.problems[0].text.find("which no log gives"), std::string::npos);

    const ReadSummary alone = ReadPredictionFile(FakeLogDirectory(disk), kSecond,
                                                 [](const LoggedPrediction&) { return true; });
    EXPECT_EQ(alone.records, 1u);
    EXPECT_EQ(alone.missing, 0u);
    EXPECT_EQ(alone.pruned, 0u);
  }
}

TEST(PredictionReader, TakesAnEndThatNoLogWritesForDamage) {
  FakeDisk disk;
  disk.Put(kFirst, EndedFileOf(1, {1}, UINT64_MAX));
  const Result result = ReadAllOf(disk);
  EXPECT_EQ(result.summary.missing, 0u);
  ASSERT_EQ(result.summary.problems.size(), 1u);
  EXPECT_EQ(result.summary.problems[0].kind, Kind::kDamage);
  ASSERT_EQ(result.summary.runs.size(), 1u);
  EXPECT_FALSE(result.summary.runs[0].end);
}

TEST(PredictionReader, StopsWhenItsVisitorHasHadEnough) {
  FakeDisk disk;
  disk.Put(kFirst, FileOf(1, {1, 2}));
  disk.Put(kSecond, FileOf(1, {3}));
  const auto summary =
      ReadPredictions(FakeLogDirectory(disk), [](const LoggedPrediction&) { return false; });
  ASSERT_TRUE(summary.ok());
  EXPECT_EQ(summary->records, 1u);
}

TEST(PredictionReader, NamesAPathThatIsNotThere) {
  const auto summary =
      ReadPredictions("/no/such/folder", [](const LoggedPrediction&) { return true; });
  EXPECT_EQ(summary.status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(summary.status().message(), "there is no prediction log at /no/such/folder");
}

}  // namespace
}  // namespace tournant
