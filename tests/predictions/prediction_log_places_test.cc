// Places in a log, and calls that wait for their record.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "base/status.h"
#include "base/thread.h"
#include "fakes/test_call.h"
#include "predictions/fake_log_files.h"
#include "predictions/prediction_log.h"
#include "predictions/prediction_reader.h"
#include "predictions/record_codec.h"
#include "predictions/sample_records.h"

namespace tournant {
namespace {

using ::testing::HasSubstr;
using Operation = FakeDisk::Operation;

bool Adds(const PredictionLogCounters& c) {
  return c.enqueued == c.durable + c.dropped() + c.in_memory;
}

class PredictionLogPlacesTest : public testing::Test {
 protected:
  PredictionLogPlacesTest() {
    options_.flush_interval = std::chrono::milliseconds(0);
    options_.least_pause = options_.longest_pause = std::chrono::milliseconds(1);
  }

  std::unique_ptr<PredictionLog> Open() {
    auto log = PredictionLog::Open(options_, clock_, std::make_unique<FakeLogDirectory>(disk_),
                                   EncodeRecord);
    EXPECT_TRUE(log.ok()) << log.status();
    return *std::move(log);
  }
  LogPlace Place(PredictionLog& log, size_t bytes = 1000) {
    auto place = log.Reserve(bytes, true);
    EXPECT_TRUE(place.ok()) << place.status();
    return *std::move(place);
  }
  void FailWrites() {
    disk_.SetFault([](Operation operation) {
      return operation == Operation::kWrite ? absl::ResourceExhaustedError("no space left")
                                            : absl::OkStatus();
    });
  }
  size_t RecordsOnDisk() {
    const auto summary =
        ReadPredictions(FakeLogDirectory(disk_), [](const LoggedPrediction&) { return true; });
    return summary->records;
  }

  PredictionLog::Options options_;
  ManualClock clock_;
  FakeDisk disk_;
};

constexpr auto kLong = std::chrono::hours(1);

TEST_F(PredictionLogPlacesTest, GivesNoMorePlacesThanThereAreRecordsAllowed) {
  options_.limits.max_records = 2;
  const auto log = Open();
  LogPlace first = Place(*log);
  {
    const LogPlace second = Place(*log);
    const auto third = log->Reserve(1000, true);
    ASSERT_EQ(third.status().code(), absl::StatusCode::kResourceExhausted);
    const auto overload = OverloadOf(third.status());
    ASSERT_TRUE(overload.has_value());
    EXPECT_EQ(overload->reason, "PREDICTION_LOG_FULL");
    EXPECT_GE(overload->retry_after.count(), 16);
    EXPECT_LE(overload->retry_after.count(), 2400);
    EXPECT_EQ(OverloadOf(log->Reserve(1, false).status())->retry_after, kNever);
  }
  EXPECT_EQ(log->counters().refused, 2u);
  EXPECT_EQ(log->counters().places, 1u);
  EXPECT_TRUE(log->Reserve(1000, true).ok()) << "the second place was given back";
}

TEST_F(PredictionLogPlacesTest, CountsTheBytesOfPlaces) {
  options_.limits.max_bytes = 10'000;
  const auto log = Open();
  LogPlace first = Place(*log, 6'000);
  EXPECT_FALSE(log->Reserve(6'000, true).ok());
  EXPECT_EQ(log->counters().places_bytes, 6'000u);
  log->Record(RecordOfSize(5'000));
  EXPECT_EQ(log->counters().dropped_full, 1u) << "the place is kept free from others";
  first = LogPlace();
  EXPECT_EQ(log->counters().places_bytes, 0u);
}

TEST_F(PredictionLogPlacesTest, AreGivenAgainWithoutAWaitForMoreRecordsWhenHalfOfThemAreUsed) {
  options_.flush_interval = kLong;
  options_.limits.max_records = 10;
  const auto log = Open();
  std::vector<LogPlace> held;
  for (int i = 0; i < 4; ++i) held.push_back(Place(*log));
  PredictionRecord record = SampleRecord();
  record.place = Place(*log);
  log->Record(std::move(record));
  while (log->counters().durable < 1) std::this_thread::yield();
}

TEST_F(PredictionLogPlacesTest, HurryTheRecordsThatWaitAlreadyWhenTheyAreGiven) {
  options_.flush_interval = kLong;
  options_.limits.max_bytes = 40'000;
  const auto log = Open();
  log->Record(RecordOfSize(10'000));
  const LogPlace place = Place(*log, 15'000);
  while (log->counters().durable < 1) std::this_thread::yield();
}

TEST_F(PredictionLogPlacesTest, OneThatIsAloneMayBeOfAnySize) {
  options_.limits.max_bytes = 1'000;
  const auto log = Open();
  EXPECT_TRUE(log->Reserve(50'000, true).ok());
}

TEST_F(PredictionLogPlacesTest, ARecordWithAPlaceIsTakenWhateverItsSize) {
  options_.limits.max_bytes = 10'000;
  options_.limits.max_record_bytes = 5'000;
  const auto log = Open();
  PredictionRecord record = RecordOfSize(20'000);
  record.place = Place(*log, 500);
  log->Record(std::move(record));
  log->Flush();
  const PredictionLogCounters counters = log->counters();
  EXPECT_EQ(counters.durable, 1u);
  EXPECT_EQ(counters.places, 0u);
  EXPECT_EQ(counters.places_bytes, 0u);
  EXPECT_EQ(counters.in_memory_bytes, 0u);
}

TEST_F(PredictionLogPlacesTest, ARecordWithAPlaceOutlastsADiskThatFails) {
  FailWrites();
  const auto log = Open();
  for (int i = 0; i < 3; ++i) {
    PredictionRecord record = SampleRecord();
    record.place = Place(*log);
    log->Record(std::move(record));
  }
  log->Record(SampleRecord());  // Without one.
  while (log->counters().retries < 9 || log->counters().dropped_io < 1) std::this_thread::yield();
  EXPECT_EQ(log->counters().in_memory, 3u);
  EXPECT_TRUE(Adds(log->counters()));
  disk_.SetFault(nullptr);
  log->Flush();
  EXPECT_EQ(log->counters().durable, 3u);
  EXPECT_TRUE(log->Close(kLong));
  EXPECT_EQ(RecordsOnDisk(), 3u);
  EXPECT_TRUE(Adds(log->counters()));
}

TEST_F(PredictionLogPlacesTest, PlacesRunOutWhileTheDiskFails) {
  options_.limits.max_records = 5;
  FailWrites();
  const auto log = Open();
  for (int i = 0; i < 5; ++i) {
    PredictionRecord record = SampleRecord();
    record.place = Place(*log);
    log->Record(std::move(record));
  }
  while (log->counters().retries == 0) std::this_thread::yield();
  const auto refused = log->Reserve(1000, true);
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("writing fails at the moment"));
  disk_.SetFault(nullptr);
  log->Flush();
  EXPECT_TRUE(log->Reserve(1000, true).ok());
}

TEST_F(PredictionLogPlacesTest, WhatIsStillRefusedWhenTheLogClosesIsCounted) {
  options_.interrupt_grace = kLong;  // The writer may take a while to notice.
  FailWrites();
  const auto log = Open();
  PredictionRecord record = SampleRecord();
  record.place = Place(*log);
  log->Record(std::move(record));
  while (log->counters().retries == 0) std::this_thread::yield();
  // What is left is dropped when the time is up.
  EXPECT_TRUE(log->Close(std::chrono::milliseconds(5)));
  EXPECT_EQ(log->counters().dropped_shutdown, 1u);
  EXPECT_EQ(log->counters().in_memory, 0u);
  EXPECT_TRUE(Adds(log->counters()));
  EXPECT_EQ(log->Reserve(1, true).status().code(), absl::StatusCode::kUnavailable);
}

// A call that awaits its record.
struct Waiter {
  static Task<absl::Status> Save(const CallContext& call, PredictionLog& log, LogPlace place) {
    const auto wait = std::make_shared<DurableWait>();
    PredictionRecord record = SampleRecord();
    record.place = std::move(place);
    record.wait = wait;
    absl::Status waited = co_await HandoffAwaiter(call, *wait, [&] {
      log.Record(std::move(record));
      return absl::OkStatus();
    });
    co_return waited.ok() ? wait->result() : waited;
  }
};

TEST_F(PredictionLogPlacesTest, ACallThatWaitsIsToldWhenItsRecordIsDurable) {
  options_.flush_interval = kLong;  // Nobody waits for more.
  const auto log = Open();
  TestCall call;
  Started<absl::Status> saved(Waiter::Save(call.context, *log, Place(*log)));
  EXPECT_FALSE(saved.done());
  while (!saved.done()) call.loop.RunUntilIdle();
  EXPECT_TRUE(saved.result->ok()) << *saved.result;
  EXPECT_EQ(log->counters().durable, 1u);
  EXPECT_EQ(RecordsOnDisk(), 1u);
}

TEST_F(PredictionLogPlacesTest, ACallThatWaitsIsToldWhenTheDiskFails) {
  FailWrites();
  const auto log = Open();
  TestCall call;
  Started<absl::Status> saved(Waiter::Save(call.context, *log, Place(*log)));
  while (!saved.done()) call.loop.RunUntilIdle();
  EXPECT_EQ(saved.result->code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(saved.result->message()),
              HasSubstr("the prediction could not be saved: no space left"));
  EXPECT_EQ(log->counters().dropped_io, 1u);
}

TEST_F(PredictionLogPlacesTest, ADeadlineEndsTheWaitForADiskThatHangs) {
  disk_.Block();
  const auto log = Open();
  TestCall call;
  Started<absl::Status> saved(Waiter::Save(call.context, *log, Place(*log)));
  disk_.WaitUntilSomebodyHangs();
  call.loop.Advance(std::chrono::seconds(1));
  ASSERT_TRUE(saved.done());
  EXPECT_EQ(saved.result->code(), absl::StatusCode::kDeadlineExceeded);
  disk_.Release();
  log->Flush();
  call.loop.RunUntilIdle();
  EXPECT_EQ(log->counters().durable, 1u);
}

TEST_F(PredictionLogPlacesTest, ACallThatWaitsIsToldWhenTheLogCloses) {
  options_.interrupt_grace = std::chrono::milliseconds(1);
  disk_.Block();
  const auto log = Open();
  log->Record(SampleRecord());
  disk_.WaitUntilSomebodyHangs();
  TestCall call;
  Started<absl::Status> saved(Waiter::Save(call.context, *log, Place(*log)));
  EXPECT_FALSE(log->Close(std::chrono::milliseconds(1)));
  call.loop.RunUntilIdle();
  ASSERT_TRUE(saved.done());
  EXPECT_EQ(saved.result->code(), absl::StatusCode::kUnavailable);
  Started<absl::Status> late(Waiter::Save(call.context, *log, LogPlace()));
  call.loop.RunUntilIdle();
  EXPECT_EQ(late.result->code(), absl::StatusCode::kUnavailable);
  disk_.Release();
}

}  // namespace
}  // namespace tournant
