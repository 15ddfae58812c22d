// A file of the log that somebody removes while it is written.

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <vector>

#include "fakes/manual_clock.h"
#include "predictions/fake_log_files.h"
#include "predictions/prediction_log.h"
#include "predictions/prediction_reader.h"
#include "predictions/record_codec.h"
#include "predictions/sample_records.h"

namespace tournant {
namespace {

using Operation = FakeDisk::Operation;

class RemovedFileTest : public testing::Test {
 protected:
  std::unique_ptr<PredictionLog> Open() {
    auto log =
        PredictionLog::Open({}, clock_, std::make_unique<FakeLogDirectory>(disk_), EncodeRecord);
    EXPECT_TRUE(log.ok()) << log.status();
    return *std::move(log);
  }
  std::vector<uint64_t> Sequences() {
    std::vector<uint64_t> sequences;
    EXPECT_TRUE(ReadPredictions(FakeLogDirectory(disk_), [&](const LoggedPrediction& record) {
                  sequences.push_back(record.sequence());
                  return true;
                }).ok());
    return sequences;
  }

  ManualClock clock_;
  FakeDisk disk_;
};

TEST_F(RemovedFileTest, WhatWentIntoItIsWrittenIntoANewOne) {
  const auto log = Open();
  log->Record(SampleRecord());
  log->Flush();
  disk_.RemoveAll();
  log->Record(SampleRecord());
  log->Flush();
  EXPECT_EQ(log->counters().durable, 2u);
  EXPECT_EQ(Sequences(), std::vector<uint64_t>{2});
  log->Record(SampleRecord());
  EXPECT_TRUE(log->Close(std::chrono::hours(1)));
  EXPECT_EQ(Sequences(), (std::vector<uint64_t>{2, 3}));
  EXPECT_EQ(disk_.names().size(), 1u);
}

TEST_F(RemovedFileTest, WhatWentIntoItIsNotDurableWhereThereCanBeNoNewOne) {
  const auto log = Open();
  log->Record(SampleRecord());
  log->Flush();
  disk_.RemoveAll();
  disk_.SetFault([](Operation operation) {
    return operation == Operation::kCreate ? absl::UnavailableError("not mounted any more")
                                           : absl::OkStatus();
  });
  log->Record(SampleRecord());
  log->Flush();
  EXPECT_EQ(log->counters().durable, 1u);
  EXPECT_EQ(log->counters().dropped_io, 1u);
  EXPECT_NE(log->StatusJson().find("not mounted any more"), std::string::npos);
}

}  // namespace
}  // namespace tournant
