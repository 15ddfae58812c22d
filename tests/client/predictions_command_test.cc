#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/run_tool.h"
#include "fakes/temp_dir.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "predictions/crc32c.h"
#include "predictions/record_frame.h"
#include "tournant/prediction.pb.h"

namespace tournant::client {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kFinished[] = "predictions-20131001T120000.000000Z-00000001.tpred";
constexpr char kSecond[] = "predictions-20131001T120000.000000Z-00000002.tpred";
constexpr char kThird[] = "predictions-20131001T120000.000000Z-00000003.tpred";
constexpr uint64_t kRun = 1'380'628'800'000'000;  // As in the names.
constexpr char kOpen[] = "predictions-20131001T120000.000000Z-00000001.tpred.open";

// A log's file of these records.
std::string LogBytes(const std::vector<uint64_t>& sequences = {1, 2}, uint64_t index = 1) {
  std::string bytes;
  AppendFileHeader({kRun, index}, bytes);
  for (const uint64_t sequence : sequences) {
    LoggedPrediction record;
    record.set_sequence(sequence);
    record.set_model_name("m");
    record.set_rows(1);
    AppendFrame(record.SerializeAsString(), bytes.size(), bytes);
  }
  return bytes;
}

// The same with the end of its run.
std::string EndedLogBytes(const std::vector<uint64_t>& sequences, const LoggedRunEnd& end) {
  std::string bytes = LogBytes(sequences);
  AppendFrame(end.SerializeAsString(), bytes.size(), bytes, kRunEndMarker);
  return bytes;
}

class PredictionsCommandTest : public ::testing::Test {
 protected:
  // Runs `tournant predictions` on a file of these bytes: lines on stdout.
  int LinesOf(const std::string& name, const std::string& bytes) {
    folder_.Write(name, bytes);
    return Run((folder_.path() / name).native());
  }
  int Run(const std::string& path, const std::vector<std::string>& flags = {}) {
    std::vector<std::string> arguments = {"predictions", path};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    const Outcome outcome = RunWith(arguments);
    status_ = outcome.status;
    out_ = outcome.out;
    err_ = outcome.err;
    return static_cast<int>(std::count(outcome.out.begin(), outcome.out.end(), '\n'));
  }

  TempDir folder_;
  int status_ = -1;
  std::string out_;
  std::string err_;
};

TEST_F(PredictionsCommandTest, AWholeFileEndsWithZero) {
  EXPECT_EQ(LinesOf(kFinished, LogBytes()), 2);
  EXPECT_EQ(status_, 0);
  EXPECT_EQ(err_, "");
}

TEST_F(PredictionsCommandTest, AFileThatIsNoPredictionLogEndsWithOne) {
  for (const char* text : {"x\n", "carrier,distance,late\nUA,1040,0\nAA,200,1\nB6,300,0\n"}) {
    EXPECT_EQ(LinesOf("rows.csv", text), 0);
    EXPECT_EQ(status_, 1);
    EXPECT_THAT(err_, HasSubstr("rows.csv at byte 0: the file does not start like a prediction "
                                "log"));
    EXPECT_THAT(err_, HasSubstr("tournant predictions: "));
  }
}

TEST_F(PredictionsCommandTest, ADamagedFileEndsWithOneAfterTheRecordsThatAreWhole) {
  std::string bytes = LogBytes();
  bytes[kFileHeaderSize + kFrameHeaderSize] ^= 1;
  EXPECT_EQ(LinesOf(kFinished, bytes), 1);
  EXPECT_EQ(status_, 1);
  EXPECT_THAT(err_, HasSubstr("at byte 40: damaged bytes are passed over"));
  EXPECT_THAT(err_, HasSubstr("is damaged or is no prediction log, in 1 place; the rest was read"));
}

TEST_F(PredictionsCommandTest, DegradedPredictionsAreLeftOutOnRequest) {
  std::string bytes = LogBytes();
  LoggedPrediction degraded;
  degraded.set_sequence(3);
  degraded.set_rows(1);
  degraded.mutable_features()->set_degraded(true);
  AppendFrame(degraded.SerializeAsString(), bytes.size(), bytes);
  folder_.Write(kFinished, bytes);
  EXPECT_EQ(Run(folder_.path().native()), 3);
  EXPECT_EQ(Run(folder_.path().native(), {"--skip_degraded"}), 2);
  EXPECT_EQ(Run(folder_.path().native(), {"--skip_degraded", "--format=training"}), 1 + 2);
  EXPECT_THAT(out_, StartsWith("request_id:BYTES,"));
  EXPECT_EQ(status_, 0);
}

TEST_F(PredictionsCommandTest, DoesNotDeleteForWhoAsksForACheck) {
  folder_.Write(kFinished, LogBytes());
  Run(folder_.path().native(), {"--check", "--prune_to_bytes=1"});
  EXPECT_EQ(status_, 2);
  EXPECT_THAT(err_, HasSubstr("--check goes without --prune_to_bytes"));
  EXPECT_EQ(Run(folder_.path().native()), 2);
}

TEST_F(PredictionsCommandTest, ProvenanceIsForTrainingDataOnly) {
  folder_.Write(kFinished, LogBytes());
  EXPECT_EQ(Run(folder_.path().native(), {"--provenance"}), 0);
  EXPECT_EQ(status_, 2);
  EXPECT_THAT(err_, HasSubstr("--provenance goes with --format=training only"));
  EXPECT_EQ(Run(folder_.path().native(), {"--provenance", "--format=training"}), 1 + 2);
  EXPECT_EQ(status_, 0);
}

TEST_F(PredictionsCommandTest, ATornTailIsNormalOnlyInAFileThatIsStillWritten) {
  const std::string torn = LogBytes().substr(0, LogBytes().size() - 1);
  EXPECT_EQ(LinesOf(kOpen, torn), 1);
  EXPECT_EQ(status_, 0);
  EXPECT_THAT(err_, HasSubstr("the file ends inside a record"));
  EXPECT_EQ(LinesOf(kOpen, ""), 0);
  EXPECT_EQ(status_, 0);
  EXPECT_EQ(LinesOf(kFinished, torn), 1);
  EXPECT_EQ(status_, 1);
  EXPECT_THAT(err_, HasSubstr("the file ends inside a record"));
}

TEST_F(PredictionsCommandTest, ACheckProvesThatNothingIsMissing) {
  folder_.Write(kFinished, LogBytes());
  EXPECT_EQ(Run(folder_.path().native(), {"--check"}), 2);
  EXPECT_EQ(status_, 0);
  EXPECT_EQ(out_,
            "1 files, 2 records, 0 missing in 0 gaps, 0 places damaged\n"
            "run 20131001T120000.000000Z has not ended in order (killed, or still running): "
            "2 records up to number 2, 0 missing\n");
  EXPECT_EQ(err_, "");
}

TEST_F(PredictionsCommandTest, ACheckEndsWithOneWhenNumbersAreMissing) {
  folder_.Write(kFinished, LogBytes({1, 4, 5, 9}));
  Run(folder_.path().native(), {"--check"});
  EXPECT_EQ(status_, 1);
  EXPECT_THAT(out_, StartsWith("1 files, 4 records, 5 missing in 2 gaps, 0 places damaged\n"));
  EXPECT_THAT(out_, HasSubstr("4 records up to number 9, 5 missing\n"));
  EXPECT_THAT(err_, HasSubstr("records 2 to 3 are missing before it"));
  EXPECT_THAT(err_, HasSubstr("is not complete: 5 records were dropped or lost"));
  Run(folder_.path().native());
  EXPECT_EQ(status_, 0) << "printing what there is succeeds";
}

TEST_F(PredictionsCommandTest, ACheckTellsHowEachRunEnded) {
  LoggedRunEnd end;
  end.set_enqueued(2);
  end.set_durable(2);
  folder_.Write(kFinished, EndedLogBytes({1, 2}, end));
  Run(folder_.path().native(), {"--check"});
  EXPECT_EQ(status_, 0);
  EXPECT_THAT(out_, HasSubstr("run 20131001T120000.000000Z ended in order after 2 records: "
                              "complete\n"));
}

TEST_F(PredictionsCommandTest, ACheckOfOneFileSaysFromWhereItLooked) {
  LoggedRunEnd end;
  end.set_enqueued(4);
  std::string bytes = LogBytes({3, 4}, 2);
  AppendFrame(end.SerializeAsString(), bytes.size(), bytes, kRunEndMarker);
  folder_.Write(kSecond, bytes);
  Run((folder_.path() / kSecond).native(), {"--check"});
  EXPECT_EQ(status_, 0);
  EXPECT_THAT(out_, HasSubstr("ended in order after 4 records: complete from number 3 on\n"));
}

TEST_F(PredictionsCommandTest, ACheckTellsWhatIsMissingAfterTheLastRecordOfARun) {
  LoggedRunEnd end;
  end.set_enqueued(9);
  end.set_durable(4);
  end.set_dropped_full(2);
  end.set_dropped_io(3);
  folder_.Write(kFinished, EndedLogBytes({1, 4, 5}, end));
  Run(folder_.path().native(), {"--check"});
  EXPECT_EQ(status_, 1);
  EXPECT_THAT(out_, HasSubstr("ended in order after 9 records: 6 missing, "
                              "5 dropped (2 full, 3 io), 1 lost\n"));
  EXPECT_THAT(err_, HasSubstr("records 6 to 9 are missing before the end of the run (4 records)"));
  EXPECT_THAT(err_, HasSubstr("is not complete: 6 records were dropped or lost"));
}

TEST_F(PredictionsCommandTest, ACheckTellsWhatWasPrunedFromWhatIsLost) {
  folder_.Write(kFinished, LogBytes({1, 2}));
  folder_.Write(kSecond, LogBytes({3, 4}, 2));
  folder_.Write(kThird, LogBytes({5}, 3));
  const auto size = static_cast<int64_t>(LogBytes({3, 4}, 2).size() + LogBytes({5}, 3).size());
  EXPECT_EQ(Run(folder_.path().native(), {absl::StrCat("--prune_to_bytes=", size)}), 1);
  EXPECT_EQ(status_, 0) << err_;
  EXPECT_THAT(out_, HasSubstr(absl::StrCat("deleted ", folder_.path().native(), "/", kFinished)));
  Run(folder_.path().native(), {"--check"});
  EXPECT_EQ(status_, 0);
  EXPECT_EQ(err_, "");
  EXPECT_THAT(out_, HasSubstr("0 missing in 0 gaps, 0 places damaged, 2 pruned\n"));
  EXPECT_THAT(out_, HasSubstr("3 records up to number 5, 0 missing, 2 pruned\n"));

  std::filesystem::remove(folder_.path() / kSecond);
  Run(folder_.path().native(), {"--check"});
  EXPECT_EQ(status_, 1);
  EXPECT_THAT(err_, HasSubstr("records 3 to 4 are missing before it"));
  EXPECT_THAT(out_, HasSubstr("1 record up to number 5, 2 missing, 2 pruned\n"));
}

TEST_F(PredictionsCommandTest, PrunesByAgeAndRefusesNonsense) {
  folder_.Write(kFinished, LogBytes());
  EXPECT_EQ(Run(folder_.path().native(), {"--prune_older=1h"}), 0);
  EXPECT_EQ(status_, 0);
  std::filesystem::last_write_time(
      folder_.path() / kFinished,
      std::filesystem::file_time_type::clock::now() - std::chrono::hours(2));
  EXPECT_EQ(Run(folder_.path().native(), {"--prune_older=1h"}), 1);
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / kFinished));
  Run(folder_.path().native(), {"--prune_to_bytes=-1"});
  EXPECT_EQ(status_, 2);
  EXPECT_THAT(err_, HasSubstr("--prune_to_bytes: below 0"));
  Run("/no/such/folder", {"--prune_older=1h"});
  EXPECT_EQ(status_, 1);
  EXPECT_THAT(err_, HasSubstr("/no/such/folder"));
}

TEST_F(PredictionsCommandTest, ACheckBlamesNoRunOfAVersionThatMarksNoEnds) {
  std::string bytes = LogBytes();
  bytes[8] = 2;
  const uint32_t crc = Crc32c(bytes.substr(0, 36));
  std::memcpy(bytes.data() + 36, &crc, sizeof crc);
  folder_.Write(kFinished, bytes);
  Run(folder_.path().native(), {"--check"});
  EXPECT_EQ(status_, 0);
  EXPECT_THAT(out_, HasSubstr("is of a version that does not mark its end: 2 records up to"));
}

TEST_F(PredictionsCommandTest, ACheckEndsWithOneWhenBytesAreDamaged) {
  std::string bytes = LogBytes();
  bytes[kFileHeaderSize + kFrameHeaderSize] ^= 1;
  folder_.Write(kFinished, bytes);
  Run(folder_.path().native(), {"--check"});
  EXPECT_EQ(status_, 1);
  EXPECT_THAT(out_, HasSubstr("1 places damaged"));
}

TEST_F(PredictionsCommandTest, PrintsCountsAndTrainingData) {
  folder_.Write(kFinished, LogBytes());
  EXPECT_EQ(Run(folder_.path().native(), {"--format=counts"}), 2);
  EXPECT_THAT(out_, HasSubstr("m,1970-01-01T00:00Z,2,2,0,0"));
  EXPECT_EQ(Run(folder_.path().native(), {"--format=training"}), 3);
  EXPECT_THAT(out_, HasSubstr("request_id:BYTES,time:TIMESTAMP"));
  Run(folder_.path().native(), {"--format=xml"});
  EXPECT_EQ(status_, 2);
  EXPECT_THAT(err_, HasSubstr("'xml' is none of json, csv, counts and training"));
}

TEST_F(PredictionsCommandTest, AFolderWithoutALogSaysSo) {
  folder_.Write("README.md", "");
  EXPECT_EQ(Run(folder_.path().native()), 0);
  EXPECT_EQ(status_, 0);
  EXPECT_THAT(err_, HasSubstr("holds no file of a prediction log"));
}

}  // namespace
}  // namespace tournant::client
