#include <algorithm>
#include <cstdint>
#include <string>

#include "client/run_tool.h"
#include "fakes/temp_dir.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "predictions/record_frame.h"
#include "tournant/prediction.pb.h"

namespace tournant::client {
namespace {

using ::testing::HasSubstr;

constexpr char kFinished[] = "predictions-20131001T120000.000000Z-00000001.tpred";
constexpr char kOpen[] = "predictions-20131001T120000.000000Z-00000001.tpred.open";

// A log's file of two records.
std::string LogBytes() {
  std::string bytes;
  AppendFileHeader({1, 1}, bytes);
  for (uint64_t sequence = 1; sequence <= 2; ++sequence) {
    LoggedPrediction record;
    record.set_sequence(sequence);
    record.set_model_name("m");
    AppendFrame(record.SerializeAsString(), bytes.size(), bytes);
  }
  return bytes;
}

class PredictionsCommandTest : public ::testing::Test {
 protected:
  // Runs `tournant predictions` on a file of these bytes: lines on stdout.
  int LinesOf(const std::string& name, const std::string& bytes) {
    folder_.Write(name, bytes);
    return Run((folder_.path() / name).native());
  }
  int Run(const std::string& path) {
    const Outcome outcome = RunWith({"predictions", path});
    status_ = outcome.status;
    err_ = outcome.err;
    return static_cast<int>(std::count(outcome.out.begin(), outcome.out.end(), '\n'));
  }

  TempDir folder_;
  int status_ = -1;
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

TEST_F(PredictionsCommandTest, AFolderWithoutALogSaysSo) {
  folder_.Write("README.md", "");
  EXPECT_EQ(Run(folder_.path().native()), 0);
  EXPECT_EQ(status_, 0);
  EXPECT_THAT(err_, HasSubstr("holds no file of a prediction log"));
}

}  // namespace
}  // namespace tournant::client
