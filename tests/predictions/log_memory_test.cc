#include "predictions/log_memory.h"

#include <gtest/gtest.h>

namespace tournant {
namespace {

TEST(LogMemory, IsWhatWaitsAndWhatABatchTakesBesides) {
  PredictionLog::Options options;
  options.limits.max_bytes = 80'000;
  options.limits.max_record_bytes = 9'000;
  options.flush_bytes = 1'000;
  EXPECT_EQ(LogMemory(LogSink::Kind::kFolder, false, options), 110'000);
  EXPECT_EQ(LogMemory(LogSink::Kind::kFolder, true, options), 120'000);
  EXPECT_GT(LogMemory(LogSink::Kind::kJsonLines, false, options), 120'000);
  EXPECT_GT(LogMemory(LogSink::Kind::kKafka, true, options),
            LogMemory(LogSink::Kind::kKafka, false, options));
}

TEST(LogMemory, OfALogWithLittleRoomIsLittle) {
  PredictionLog::Options options;
  options.limits.max_bytes = 4'000;
  EXPECT_EQ(LogMemory(LogSink::Kind::kFolder, false, options), 9'000);
}

}  // namespace
}  // namespace tournant
