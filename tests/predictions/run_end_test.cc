// What is left when a run ends, and how its end gets into its files.

#include "predictions/run_end.h"

#include <gtest/gtest.h>

#include "fakes/manual_clock.h"
#include "predictions/fake_log_files.h"
#include "predictions/prediction_log.h"
#include "predictions/prediction_reader.h"
#include "predictions/record_codec.h"
#include "predictions/sample_records.h"

namespace tournant {
namespace {

using Operation = FakeDisk::Operation;

constexpr auto kLong = std::chrono::hours(1);

class RunEndTest : public testing::Test {
 protected:
  std::unique_ptr<PredictionLog> Open() {
    auto log = PredictionLog::Open(options_, clock_, std::make_unique<FakeLogDirectory>(disk_),
                                   EncodeRecord);
    EXPECT_TRUE(log.ok()) << log.status();
    return *std::move(log);
  }
  ReadSummary Read() {
    auto summary =
        ReadPredictions(FakeLogDirectory(disk_), [](const LoggedPrediction&) { return true; });
    EXPECT_TRUE(summary.ok()) << summary.status();
    return *std::move(summary);
  }

  PredictionLog::Options options_;
  ManualClock clock_;
  FakeDisk disk_;
};

TEST_F(RunEndTest, ClosesWithoutATimeForItWhenNothingIsLeft) {
  const auto log = Open();
  EXPECT_TRUE(log->Close(Duration::zero()));
  EXPECT_EQ(log->lost(), 0u);
}

TEST_F(RunEndTest, TellsWhatTheDiskRefusedWhileItClosed) {
  options_.flush_interval = kLong;
  const auto log = Open();
  log->Record(SampleRecord());
  log->Flush();
  EXPECT_EQ(log->lost(), 0u);
  log->Record(SampleRecord());
  disk_.SetFault([](Operation) { return absl::ResourceExhaustedError("no space left"); });
  EXPECT_TRUE(log->Close(kLong));
  EXPECT_EQ(log->counters().dropped_io, 1u);
  EXPECT_EQ(log->lost(), 1u);
}

TEST_F(RunEndTest, MarksTheEndOfARunWithWhatBecameOfItsRecords) {
  options_.limits.max_record_bytes = 5'000;
  const auto log = Open();
  log->Record(SampleRecord());
  log->Record(RecordOfSize(10'000));  // The last one; nothing but the end can tell.
  EXPECT_TRUE(log->Close(kLong));
  const ReadSummary summary = Read();
  ASSERT_EQ(summary.runs.size(), 1u);
  const RunSummary& run = summary.runs[0];
  ASSERT_TRUE(run.end);
  EXPECT_EQ(run.end->enqueued(), 2u);
  EXPECT_EQ(run.end->durable(), 1u);
  EXPECT_EQ(run.end->dropped_oversize(), 1u);
  EXPECT_EQ(run.missing, 1u);
}

TEST_F(RunEndTest, MarksTheEndOfARunOfWhichNothingCouldBeWritten) {
  options_.limits.max_record_bytes = 5'000;
  const auto log = Open();
  log->Record(RecordOfSize(10'000));
  EXPECT_TRUE(log->Close(kLong));
  const ReadSummary summary = Read();
  EXPECT_EQ(summary.files, 1u);
  EXPECT_EQ(summary.missing, 1u);
}

TEST_F(RunEndTest, ARunWhoseEndCannotBeWrittenHasItsRecordsAndNoEnd) {
  const auto log = Open();
  log->Record(SampleRecord());
  log->Flush();
  disk_.SetFault([](Operation operation) {
    return operation == Operation::kSync ? absl::InternalError("input/output error")
                                         : absl::OkStatus();
  });
  EXPECT_TRUE(log->Close(kLong));
  disk_.SetFault(nullptr);
  const ReadSummary summary = Read();
  ASSERT_EQ(summary.runs.size(), 1u);
  EXPECT_EQ(summary.runs[0].records, 1u);
  EXPECT_FALSE(summary.runs[0].end);
  EXPECT_TRUE(summary.problems.empty());
}

}  // namespace
}  // namespace tournant
