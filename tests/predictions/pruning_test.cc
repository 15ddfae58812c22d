#include "predictions/pruning.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "predictions/fake_log_files.h"
#include "predictions/file_names.h"
#include "predictions/prediction_reader.h"
#include "predictions/prune_mark.h"
#include "predictions/record_codec.h"
#include "predictions/record_frame.h"
#include "predictions/run_end.h"
#include "predictions/sample_records.h"

namespace tournant {
namespace {

using Operation = FakeDisk::Operation;
using At = OvertakenDirectory::At;

constexpr uint64_t kRun = 1'380'628'800'000'000;
constexpr char kFirst[] = "predictions-20131001T120000.000000Z-00000001.tpred";
constexpr char kSecond[] = "predictions-20131001T120000.000000Z-00000002.tpred";
constexpr char kOpen[] = "predictions-20131001T120000.000000Z-00000003.tpred.open";
constexpr char kMark[] = "predictions-20131001T120000.000000Z.pruned";

std::string FileOf(uint64_t index, const std::vector<uint64_t>& sequences) {
  std::string bytes;
  AppendFileHeader({kRun, index}, bytes);
  for (const uint64_t sequence : sequences) {
    std::string payload;
    EXPECT_TRUE(EncodeRecord(SampleRecord(), sequence, payload).ok());
    AppendFrame(payload, bytes.size(), bytes);
  }
  return bytes;
}

class PruningTest : public testing::Test {
 protected:
  PruningTest() {
    disk_.Put(kFirst, FileOf(1, {1, 2}));
    disk_.Put(kSecond, FileOf(2, {3, 4}));
    disk_.Put(kOpen, FileOf(3, {5}));
  }

  absl::Status Prune(const PruneLimits& limits) {
    FakeLogDirectory directory(disk_);
    return PrunePredictions(directory, now_, limits, [](const std::string&) {}).status();
  }
  // All that may go.
  absl::Status PruneAll() { return Prune({.max_bytes = 0}); }

  // The same, while another one does it at that moment.
  absl::StatusOr<PruneSummary> PruneAllOvertaken(At at, const std::string& file) {
    OvertakenDirectory directory(disk_, at, file, [&] { EXPECT_TRUE(PruneAll().ok()); });
    return PrunePredictions(directory, now_, {.max_bytes = 0}, [](const std::string&) {});
  }

  ReadSummary Read() {
    auto summary =
        ReadPredictions(FakeLogDirectory(disk_), [](const LoggedPrediction&) { return true; });
    EXPECT_TRUE(summary.ok());
    return *std::move(summary);
  }
  void EndTheRun() {
    std::string bytes = FileOf(3, {5});
    AppendFrame(EncodeRunEnd({.enqueued = 5, .durable = 5}), bytes.size(), bytes, kRunEndMarker);
    disk_.Put("predictions-20131001T120000.000000Z-00000003.tpred", bytes);
    FakeLogDirectory directory(disk_);
    EXPECT_TRUE(directory.Remove(kOpen).ok());
  }

  WallTime now_ = WallTime(std::chrono::hours(1000));
  FakeDisk disk_;
};

TEST_F(PruningTest, DeletesTheOldestFilesUntilTheOthersAreSmallEnough) {
  const uint64_t size = FileOf(2, {3, 4}).size() + FileOf(3, {5}).size();
  EXPECT_TRUE(Prune({.max_bytes = size}).ok());
  EXPECT_EQ(disk_.names(), (std::vector<std::string>{kSecond, kOpen, kMark}));
  EXPECT_EQ(disk_.files()[kMark], "up to 2\n");
  const ReadSummary read = Read();
  EXPECT_EQ(read.pruned, 2u);
  EXPECT_EQ(read.missing, 0u);
  EXPECT_TRUE(read.problems.empty());
  EXPECT_TRUE(Prune({.max_bytes = size}).ok());
  EXPECT_EQ(disk_.names().size(), 3u) << "there is no more to do";
}

TEST_F(PruningTest, DeletesWhatIsTooOldAndNeverWhatIsBeingWritten) {
  disk_.SetWritten(kSecond, now_ - std::chrono::hours(1));
  EXPECT_TRUE(Prune({.max_age = std::chrono::hours(2)}).ok());
  EXPECT_EQ(disk_.names(), (std::vector<std::string>{kSecond, kOpen, kMark}));
  EXPECT_TRUE(PruneAll().ok());
  EXPECT_EQ(disk_.names(), (std::vector<std::string>{kOpen, kMark}));
  EXPECT_EQ(disk_.files()[kMark], "up to 2\nup to 4\n");
  EXPECT_EQ(Read().pruned, 4u);
}

TEST_F(PruningTest, OfARunThatEndedNothingIsLeftInTheEnd) {
  EndTheRun();
  EXPECT_TRUE(PruneAll().ok());
  EXPECT_TRUE(disk_.names().empty());
}

TEST_F(PruningTest, WhoeverIsKilledBetweenTheMarkAndTheFileLosesNothing) {
  disk_.SetFault([](Operation operation) {
    return operation == Operation::kRemove ? absl::AbortedError("killed") : absl::OkStatus();
  });
  EXPECT_FALSE(PruneAll().ok());
  EXPECT_EQ(disk_.files()[kMark], "up to 2\n");
  ReadSummary read = Read();
  EXPECT_EQ(read.records, 5u);
  EXPECT_EQ(read.pruned, 0u) << "what is there was not deleted";
  EXPECT_TRUE(read.problems.empty());
  disk_.SetFault(nullptr);
  EXPECT_TRUE(PruneAll().ok());
  EXPECT_EQ(Read().pruned, 4u);
}

TEST_F(PruningTest, WhoeverIsKilledBetweenTheFileAndItsMarksEndLeavesNoFault) {
  EndTheRun();
  disk_.SetFault([removals = 0](Operation operation) mutable {
    const bool fails = operation == Operation::kRemove && ++removals > 3;
    return fails ? absl::AbortedError("killed") : absl::OkStatus();
  });
  EXPECT_FALSE(PruneAll().ok());
  EXPECT_EQ(disk_.names(), std::vector<std::string>{kMark});
  EXPECT_TRUE(Read().problems.empty());
  disk_.SetFault(nullptr);
  EXPECT_TRUE(PruneAll().ok());
  EXPECT_TRUE(disk_.names().empty());
}

TEST_F(PruningTest, AMarkThatIsCutOffAnywhereHoldsUpToItsLastWholeLine) {
  const std::string whole = "up to 2\nup to 14\n";
  for (size_t size = 0; size <= whole.size(); ++size) {
    const PruneMark mark = ReadPruneMark(whole.substr(0, size));
    ASSERT_EQ(mark.up_to, size == whole.size() ? 14u : size >= 8 ? 2u : 0u) << size;
  }
  EXPECT_TRUE(ReadPruneMark("up to 14, the end\n").end);
  disk_.Put(kMark, "up to 2\nup t");
  EXPECT_TRUE(PruneAll().ok());
  EXPECT_EQ(disk_.files()[kMark], "up to 2\nup to 2\nup to 4\n");
}

TEST_F(PruningTest, WhoIsOvertakenByAnotherTurnsNoMarkBack) {
  const auto overtaken = PruneAllOvertaken(At::kCreate, kMark);
  ASSERT_TRUE(overtaken.ok()) << overtaken.status();
  EXPECT_EQ(overtaken->files, 0u) << "the other one has deleted them";
  EXPECT_EQ(disk_.files()[kMark], "up to 2\nup to 4\nup to 2\n");
  const ReadSummary read = Read();
  EXPECT_EQ(read.pruned, 4u);
  EXPECT_EQ(read.missing, 0u);
  EXPECT_TRUE(read.problems.empty());
}

TEST_F(PruningTest, WhoIsOvertakenByAnotherLeavesNothingOfARunThatEnded) {
  EndTheRun();
  ASSERT_TRUE(PruneAllOvertaken(At::kRead, kFirst).ok());
  EXPECT_TRUE(disk_.names().empty());
}

TEST_F(PruningTest, AMarkThatAnotherRemovesAtThatMomentIsNoError) {
  EndTheRun();
  disk_.Put(kMark, "up to 1\n");
  const auto overtaken = PruneAllOvertaken(At::kOpen, kMark);
  ASSERT_TRUE(overtaken.ok()) << overtaken.status();
  EXPECT_TRUE(disk_.names().empty());
}

TEST_F(PruningTest, AMarkIsWhatAllItsLinesSayTogether) {
  const PruneMark mark = ReadPruneMark("up to 100\nup to 300, the end\nup to 200\n");
  EXPECT_EQ(mark.up_to, 300u);
  EXPECT_TRUE(mark.end);
}

TEST_F(PruningTest, WhoReadsMeanwhileFindsNoFault) {
  for (const bool ended : {false, true}) {
    disk_.RemoveAll();
    disk_.Put(kFirst, FileOf(1, {1, 2}));
    disk_.Put(kSecond, FileOf(2, {3, 4}));
    disk_.Put(kOpen, FileOf(3, {5}));
    if (ended) EndTheRun();
    const OvertakenDirectory directory(disk_, At::kRead, kFirst,
                                       [&] { EXPECT_TRUE(PruneAll().ok()); });
    const auto read = ReadPredictions(directory, [](const LoggedPrediction&) { return true; });
    ASSERT_TRUE(read.ok());
    EXPECT_TRUE(read->problems.empty()) << read->problems.front().text;
    EXPECT_EQ(read->missing, 0u);
    // The file that is written is still there; what had ended has gone as a whole, with its mark.
    EXPECT_EQ(read->files, ended ? 1u : 2u);
    EXPECT_EQ(read->pruned, ended ? 0u : 2u);
  }
}

TEST_F(PruningTest, WhatIsDeletedInAnotherWayWhileSomebodyReadsIsAFault) {
  const OvertakenDirectory directory(disk_, At::kRead, kFirst, [&] {
    FakeLogDirectory other(disk_);
    EXPECT_TRUE(other.Remove(kSecond).ok());
  });
  const auto read = ReadPredictions(directory, [](const LoggedPrediction&) { return true; });
  ASSERT_TRUE(read.ok());
  ASSERT_EQ(read->problems.size(), 2u);
  EXPECT_EQ(read->problems[0].kind, ReadProblem::Kind::kUnreadable);
  EXPECT_EQ(read->missing, 2u);
}

TEST_F(PruningTest, TheMarkOfARunThatWasKilledGoesWhenItIsOld) {
  FakeLogDirectory directory(disk_);
  EXPECT_TRUE(directory.Rename(kOpen, FinishedName(kOpen)).ok());  // At the next start.
  disk_.SetWritten(kMark, now_ - kMarkOfSilentRun);
  EXPECT_TRUE(PruneAll().ok());
  EXPECT_EQ(disk_.names(), std::vector<std::string>{kMark}) << "it may be a server that waits";
  now_ += std::chrono::milliseconds(1);
  EXPECT_TRUE(PruneAll().ok());
  EXPECT_TRUE(disk_.names().empty());
}

TEST_F(PruningTest, AnOldMarkStaysWhileAFileOfItsRunIsThere) {
  EXPECT_TRUE(PruneAll().ok());
  disk_.SetWritten(kMark, now_ - 2 * kMarkOfSilentRun);
  EXPECT_TRUE(PruneAll().ok());
  EXPECT_EQ(disk_.names(), (std::vector<std::string>{kOpen, kMark}));
}

TEST_F(PruningTest, AFileThatTellsNoRunGoesWithoutAMark) {
  disk_.Put("predictions-20131001T110000.000000Z-00000001.tpred.damaged", "nothing");
  disk_.Put("README", "not a log");
  EXPECT_TRUE(PruneAll().ok());
  EXPECT_EQ(disk_.names(), (std::vector<std::string>{"README", kOpen, kMark}));
}

}  // namespace
}  // namespace tournant
