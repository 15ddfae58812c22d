#include "predictions/prediction_log.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <set>
#include <thread>

#include "base/thread.h"
#include "fakes/manual_clock.h"
#include "predictions/fake_log_files.h"
#include "predictions/prediction_metrics.h"
#include "predictions/prediction_reader.h"
#include "predictions/record_codec.h"
#include "predictions/record_frame.h"
#include "predictions/sample_records.h"

namespace tournant {
namespace {

using Operation = FakeDisk::Operation;

bool Adds(const PredictionLogCounters& c) {
  return c.enqueued == c.durable + c.dropped_full + c.dropped_oversize + c.dropped_serialize +
                           c.dropped_io + c.dropped_shutdown + c.in_memory &&
         c.dropped() == c.enqueued - c.durable - c.in_memory;
}

std::vector<uint64_t> SequencesOn(FakeDisk& disk) {
  std::vector<uint64_t> sequences;
  const FakeLogDirectory directory(disk);
  EXPECT_TRUE(ReadPredictions(directory, [&](const LoggedPrediction& record) {
                sequences.push_back(record.sequence());
                return true;
              }).ok());
  return sequences;
}

class PredictionLogTest : public testing::Test {
 protected:
  std::unique_ptr<PredictionLog> Open() {
    auto log =
        PredictionLog::Open(options_, clock_, std::make_unique<FakeLogDirectory>(disk_), encoder_);
    EXPECT_TRUE(log.ok()) << log.status();
    return *std::move(log);
  }

  PredictionLog::Options options_;
  PredictionLog::Encoder encoder_ = EncodeRecord;
  ManualClock clock_;
  FakeDisk disk_;
};

constexpr auto kLong = std::chrono::hours(1);

TEST_F(PredictionLogTest, MakesRecordsDurableInOrder) {
  const auto log = Open();
  for (int i = 1; i <= 100; ++i) log->Record(SampleRecord(std::to_string(i)));
  log->Flush();
  EXPECT_EQ(log->counters().durable, 100u);
  EXPECT_EQ(log->counters().in_memory, 0u);
  EXPECT_EQ(log->counters().in_memory_bytes, 0u);
  EXPECT_GE(disk_.syncs(), 1);
  std::vector<std::string> ids;
  ASSERT_TRUE(ReadPredictions(FakeLogDirectory(disk_), [&](const LoggedPrediction& record) {
                EXPECT_EQ(std::to_string(record.sequence()), record.request_id());
                ids.push_back(record.request_id());
                return true;
              }).ok());
  ASSERT_EQ(ids.size(), 100u);
  EXPECT_EQ(ids.back(), "100");
}

TEST_F(PredictionLogTest, WritesWithoutBeingFlushed) {
  options_.flush_interval = std::chrono::milliseconds(1);
  const auto log = Open();
  log->Record(SampleRecord());
  while (log->counters().durable == 0) std::this_thread::yield();
  EXPECT_EQ(SequencesOn(disk_).size(), 1u);
}

TEST_F(PredictionLogTest, WritesAtOnceWhenThereIsEnough) {
  options_.flush_interval = kLong;
  options_.flush_bytes = 10'000;
  const auto log = Open();
  log->Record(RecordOfSize(6'000));
  log->Record(RecordOfSize(6'000));
  while (log->counters().durable < 2) std::this_thread::yield();
}

TEST_F(PredictionLogTest, MakesNoFileWithoutARecord) {
  {
    const auto log = Open();
    log->Flush();
    EXPECT_TRUE(log->Close(kLong));
  }
  EXPECT_TRUE(disk_.names().empty());
}

TEST_F(PredictionLogTest, DoesNotHoldUpRecordWhileTheDiskHangs) {
  options_.flush_interval = std::chrono::milliseconds(0);
  options_.limits.max_records = 10;
  disk_.Block();
  const auto log = Open();
  log->Record(SampleRecord());
  disk_.WaitUntilSomebodyHangs();
  for (int i = 0; i < 1000; ++i) log->Record(SampleRecord());
  const PredictionLogCounters counters = log->counters();
  EXPECT_EQ(counters.enqueued, 1001u);
  EXPECT_EQ(counters.in_memory, 10u);  // The one being written takes a place too.
  EXPECT_EQ(counters.dropped_full, 991u);
  EXPECT_TRUE(Adds(counters));
  disk_.Release();
  log->Flush();
  EXPECT_EQ(log->counters().durable, 10u);
}

TEST_F(PredictionLogTest, BoundsTheBytesInMemory) {
  options_.flush_interval = std::chrono::milliseconds(0);
  options_.limits.max_bytes = 100'000;
  disk_.Block();
  const auto log = Open();
  log->Record(RecordOfSize(1));
  disk_.WaitUntilSomebodyHangs();
  for (int i = 0; i < 20; ++i) log->Record(RecordOfSize(10'000));
  const PredictionLogCounters counters = log->counters();
  EXPECT_LE(counters.in_memory_bytes, 100'000u);
  EXPECT_EQ(counters.in_memory, 10u);
  EXPECT_EQ(counters.dropped_full, 11u);
  disk_.Release();
}

TEST_F(PredictionLogTest, DropsARecordThatIsTooLarge) {
  options_.limits.max_record_bytes = 5'000;
  const auto log = Open();
  log->Record(RecordOfSize(10'000));
  log->Record(RecordOfSize(100));
  log->Flush();
  EXPECT_EQ(log->counters().dropped_oversize, 1u);
  EXPECT_EQ(log->counters().durable, 1u);
  EXPECT_EQ(SequencesOn(disk_), std::vector<uint64_t>{2});  // The gap shows the drop.
}

TEST_F(PredictionLogTest, DropsARecordThatCannotBeEncoded) {
  encoder_ = [](PredictionRecord&& record, uint64_t sequence, std::string& payload) {
    if (sequence == 2) return absl::InternalError("refused");
    if (sequence == 3) throw std::bad_alloc();
    return EncodeRecord(std::move(record), sequence, payload);
  };
  const auto log = Open();
  for (int i = 0; i < 4; ++i) log->Record(SampleRecord());
  log->Flush();
  EXPECT_EQ(log->counters().dropped_serialize, 2u);
  EXPECT_EQ(log->counters().durable, 2u);
  EXPECT_TRUE(Adds(log->counters()));
  EXPECT_EQ(SequencesOn(disk_), (std::vector<uint64_t>{1, 4}));
}

TEST_F(PredictionLogTest, GoesOnAfterShortWrites) {
  disk_.SetMaxWrite(7);
  const auto log = Open();
  for (int i = 0; i < 5; ++i) log->Record(SampleRecord());
  log->Flush();
  EXPECT_EQ(log->counters().durable, 5u);
  EXPECT_EQ(SequencesOn(disk_), (std::vector<uint64_t>{1, 2, 3, 4, 5}));
}

TEST_F(PredictionLogTest, CountsWhatAFullDiskRefusesAndRecovers) {
  const auto log = Open();
  log->Record(SampleRecord());
  log->Flush();
  disk_.SetFault([](Operation operation) {
    return operation == Operation::kWrite ? absl::ResourceExhaustedError("no space left")
                                          : absl::OkStatus();
  });
  for (int i = 0; i < 3; ++i) log->Record(SampleRecord());
  log->Flush();
  EXPECT_EQ(log->counters().dropped_io, 3u);
  EXPECT_NE(log->StatusJson().find("no space left"), std::string::npos);
  disk_.SetFault(nullptr);
  log->Record(SampleRecord());
  log->Flush();
  EXPECT_EQ(log->counters().durable, 2u);
  EXPECT_EQ(nlohmann::json::parse(log->StatusJson())["error"], "");
  EXPECT_EQ(SequencesOn(disk_), (std::vector<uint64_t>{1, 5}));
}

TEST_F(PredictionLogTest, WritesABatchAgainIntoANewFileWhenTheOldOneFails) {
  const auto log = Open();
  log->Record(SampleRecord());
  log->Flush();
  disk_.SetFault([failed = false](Operation operation) mutable {
    if (operation != Operation::kSync || std::exchange(failed, true)) return absl::OkStatus();
    return absl::InternalError("input/output error");
  });
  log->Record(SampleRecord());
  log->Flush();
  EXPECT_EQ(log->counters().durable, 2u);
  EXPECT_EQ(log->counters().dropped_io, 0u);
  // The bytes that were written before the failed sync are gone from the first file.
  EXPECT_EQ(SequencesOn(disk_), (std::vector<uint64_t>{1, 2}));
  EXPECT_EQ(disk_.names().size(), 2u);
}

TEST_F(PredictionLogTest, StartsANewFileWhenOneIsLargeEnough) {
  options_.files.rotate_bytes = 2'000;
  const auto log = Open();
  for (int i = 0; i < 4; ++i) {
    log->Record(RecordOfSize(1'500));
    log->Flush();
  }
  EXPECT_TRUE(log->Close(kLong));
  EXPECT_EQ(disk_.names(),
            (std::vector<std::string>{"predictions-20231114T221320.000000Z-00000001.tpred",
                                      "predictions-20231114T221320.000000Z-00000002.tpred"}));
  EXPECT_EQ(SequencesOn(disk_), (std::vector<uint64_t>{1, 2, 3, 4}));
}

TEST_F(PredictionLogTest, StartsANewFileWhenOneIsOldEnough) {
  options_.files.rotate_interval = std::chrono::seconds(60);
  const auto log = Open();
  log->Record(SampleRecord());
  log->Flush();
  clock_.Advance(std::chrono::seconds(59));
  log->Record(SampleRecord());
  log->Flush();
  EXPECT_EQ(disk_.names().size(), 1u);
  clock_.Advance(std::chrono::seconds(1));
  log->Record(SampleRecord());
  log->Flush();
  EXPECT_EQ(disk_.names(),
            (std::vector<std::string>{"predictions-20231114T221320.000000Z-00000001.tpred",
                                      "predictions-20231114T221320.000000Z-00000002.tpred.open"}));
}

TEST_F(PredictionLogTest, FinishesItsFileWhenItCloses) {
  const auto log = Open();
  log->Record(SampleRecord());
  EXPECT_TRUE(log->Close(kLong));
  EXPECT_EQ(log->counters().durable, 1u);
  EXPECT_EQ(disk_.names(),
            std::vector<std::string>{"predictions-20231114T221320.000000Z-00000001.tpred"});
  log->Record(SampleRecord());
  EXPECT_EQ(log->counters().dropped_shutdown, 1u);
  EXPECT_TRUE(log->Close(kLong));
}

TEST_F(PredictionLogTest, CountsWhatIsLeftWhenTheTimeToCloseIsUp) {
  options_.interrupt_grace = std::chrono::milliseconds(1);
  options_.flush_interval = std::chrono::milliseconds(0);
  disk_.Block();
  const auto log = Open();
  log->Record(SampleRecord());
  disk_.WaitUntilSomebodyHangs();
  for (int i = 0; i < 5; ++i) log->Record(SampleRecord());
  EXPECT_FALSE(log->Close(std::chrono::milliseconds(1)));
  EXPECT_EQ(log->lost(), 6u);
  PredictionLogCounters counters = log->counters();
  EXPECT_EQ(counters.dropped_shutdown, 5u);
  EXPECT_EQ(counters.in_memory, 1u);  // Nobody knows yet.
  EXPECT_TRUE(Adds(counters));
  disk_.Release();
  EXPECT_TRUE(log->Close(kLong));
  EXPECT_EQ(log->counters().durable, 1u);
  EXPECT_TRUE(Adds(log->counters()));
}

TEST_F(PredictionLogTest, DropsItsQueueWhenItIsDestroyedWithoutClosing) {
  options_.flush_interval = kLong;
  {
    const auto log = Open();
    for (int i = 0; i < 5; ++i) log->Record(SampleRecord());
  }
  EXPECT_TRUE(SequencesOn(disk_).empty());
  const auto summary =
      ReadPredictions(FakeLogDirectory(disk_), [](const LoggedPrediction&) { return true; });
  ASSERT_TRUE(summary.ok());
  EXPECT_EQ(summary->missing, 5u);
}

TEST_F(PredictionLogTest, AccountsForEveryRecordUnderRandomFaults) {
  options_.flush_interval = std::chrono::milliseconds(0);
  options_.limits.max_records = 50;
  options_.limits.max_record_bytes = 4'000;
  options_.flush_bytes = 3'000;
  options_.files.rotate_bytes = 8'000;
  encoder_ = [](PredictionRecord&& record, uint64_t sequence, std::string& payload) {
    if (sequence % 31 == 0) return absl::InternalError("refused");
    return EncodeRecord(std::move(record), sequence, payload);
  };
  Mutex mutex;
  std::minstd_rand rng(20131001);
  disk_.SetMaxWrite(900);
  disk_.SetFault([&](Operation) {
    MutexLock lock(mutex);
    return rng() % 40 == 0 ? absl::ResourceExhaustedError("no space left") : absl::OkStatus();
  });
  const auto log = Open();
  {
    std::vector<Thread> threads;
    threads.reserve(3);
    for (int t = 0; t < 3; ++t) {
      threads.emplace_back("recorder", [&, t] {
        for (size_t i = 0; i < 700; ++i) {
          log->Record(RecordOfSize((i * 37 + static_cast<size_t>(t)) % 4'200));
          if (i % 20 == 0) std::this_thread::yield();
        }
      });
    }
    for (int i = 0; i < 300; ++i) ASSERT_TRUE(Adds(log->counters()));
  }
  log->Flush();
  ASSERT_TRUE(Adds(log->counters()));
  disk_.SetFault(nullptr);
  log->Record(RecordOfSize(100));  // Durable even if the writer came to nothing beside the others.
  EXPECT_TRUE(log->Close(kLong));

  const PredictionLogCounters counters = log->counters();
  EXPECT_TRUE(Adds(counters));
  EXPECT_EQ(counters.enqueued, 2101u);
  EXPECT_EQ(counters.in_memory, 0u);
  EXPECT_GT(counters.durable, 0u);
  EXPECT_GT(counters.dropped_oversize, 0u);
  // What is counted as durable can be read. A file that could not be truncated after a fault may
  // hold more.
  const std::vector<uint64_t> sequences = SequencesOn(disk_);
  const std::set<uint64_t> unique(sequences.begin(), sequences.end());
  EXPECT_GE(unique.size(), counters.durable);
}

TEST_F(PredictionLogTest, CanBeWrittenFromManyThreads) {
  const auto log = Open();
  {
    std::vector<Thread> threads;
    threads.reserve(4);
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back("recorder", [&] {
        for (int i = 0; i < 250; ++i) log->Record(SampleRecord());
      });
    }
  }
  EXPECT_TRUE(log->Close(kLong));
  const std::vector<uint64_t> sequences = SequencesOn(disk_);
  ASSERT_EQ(sequences.size(), 1000u);
  for (size_t i = 0; i < sequences.size(); ++i) ASSERT_EQ(sequences[i], i + 1);
}

TEST_F(PredictionLogTest, TellsItsCountersToPeopleAndToPrometheus) {
  options_.sink = "disk";
  options_.limits.max_record_bytes = 5'000;
  const auto log = Open();
  log->Record(RecordOfSize(10'000));
  log->Record(SampleRecord());
  log->Flush();
  const auto json = nlohmann::json::parse(log->StatusJson());
  EXPECT_EQ(log->status_name(), "prediction_log");
  EXPECT_EQ(json["sink"], "disk");
  EXPECT_EQ(json["enqueued"], 2);
  EXPECT_EQ(json["durable"], 1);
  EXPECT_EQ(json["dropped"]["oversize"], 1);
  MetricsRegistry registry;
  RegisterPredictionMetrics(*log, registry);
  const std::string text = registry.Text();
  EXPECT_NE(text.find("tournant_predictions_enqueued_total 2\n"), std::string::npos);
  EXPECT_NE(text.find("tournant_predictions_total{outcome=\"durable\",reason=\"\"} 1\n"),
            std::string::npos);
  EXPECT_NE(text.find("tournant_predictions_total{outcome=\"dropped\",reason=\"oversize\"} 1\n"),
            std::string::npos);
  EXPECT_NE(text.find("tournant_predictions_in_memory 0\n"), std::string::npos);
}

TEST_F(PredictionLogTest, ReportsAFolderThatCannotBeListed) {
  class NoList final : public LogDirectory {
   public:
    absl::StatusOr<std::unique_ptr<LogFile>> Create(const std::string&) override { return Error(); }
    absl::StatusOr<std::unique_ptr<LogFile>> Open(const std::string&) override { return Error(); }
    absl::Status Rename(const std::string&, const std::string&) override { return Error(); }
    absl::Status Remove(const std::string&) override { return Error(); }
    absl::StatusOr<std::vector<std::string>> List() const override { return Error(); }
    absl::StatusOr<std::string> ReadAll(const std::string&) const override { return Error(); }
    absl::StatusOr<LogFileInfo> InfoOf(const std::string&) const override { return Error(); }
    std::string PathOf(const std::string& name) const override { return name; }

   private:
    static absl::Status Error() { return absl::PermissionDeniedError("cannot read the folder x"); }
  };
  const auto log = PredictionLog::Open(options_, clock_, std::make_unique<NoList>(), EncodeRecord);
  EXPECT_EQ(log.status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(log.status().message(), "cannot read the folder x");
}

}  // namespace
}  // namespace tournant
