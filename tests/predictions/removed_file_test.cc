// A file of the log that somebody removes while it is written.

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "fakes/manual_clock.h"
#include "predictions/fake_log_files.h"
#include "predictions/file_store.h"
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

TEST_F(RemovedFileTest, ItsLossIsLoggedAndNoErrorWhenItWouldHaveBeenFinished) {
  auto store = FileStore::Open(std::make_unique<FakeLogDirectory>(disk_), clock_, {});
  ASSERT_TRUE(store.ok()) << store.status();
  const auto append = [&] {
    const std::vector<std::string> payloads = {"a record"};
    std::vector<StoreOutcome> outcomes(payloads.size(), StoreOutcome::kFailed);
    EXPECT_TRUE((*store)->Append(payloads, outcomes).ok());
  };
  const std::function<absl::Status()> finishes[] = {
      [&] { return (*store)->Upkeep(); },
      [&] {
        append();
        return absl::OkStatus();
      },
      [&] { return (*store)->Finish({}); },
      [&] { return (*store)->Finish({.enqueued = 3, .durable = 3}); },
  };
  for (const auto& finish : finishes) {
    append();
    disk_.RemoveAll();
    clock_.Advance(std::chrono::hours(1));
    testing::internal::CaptureStderr();
    const absl::Status finished = finish();
    const std::string logged = testing::internal::GetCapturedStderr();
    EXPECT_TRUE(finished.ok()) << finished;
    EXPECT_NE(logged.find("was removed while it was written"), std::string::npos) << logged;
    EXPECT_NE(logged.find("\"durable_bytes_lost\":"), std::string::npos) << logged;
  }
  // Nothing but the end of the run, which was written once more.
  EXPECT_EQ(disk_.names().size(), 1u);
}

}  // namespace
}  // namespace tournant
