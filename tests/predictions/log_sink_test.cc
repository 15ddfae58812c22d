#include "predictions/log_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tournant {
namespace {

using ::testing::HasSubstr;

std::string Refusal(absl::string_view text) {
  const auto sink = ParseLogSink(text);
  EXPECT_EQ(sink.status().code(), absl::StatusCode::kInvalidArgument) << text;
  return std::string(sink.status().message());
}

TEST(LogSinkText, NamesAFolderAFileOrATopic) {
  EXPECT_EQ(ParseLogSink("/var/log/x")->kind, LogSink::Kind::kFolder);
  EXPECT_EQ(ParseLogSink("/var/log/x")->path, "/var/log/x");
  EXPECT_EQ(ParseLogSink("jsonl:a/b.jsonl")->kind, LogSink::Kind::kJsonLines);
  EXPECT_EQ(ParseLogSink("jsonl:a/b.jsonl")->path, "a/b.jsonl");
  const auto kafka = ParseLogSink("kafka:one:9092,[::1]:9093/my.topic-1_x");
  ASSERT_TRUE(kafka.ok()) << kafka.status();
  EXPECT_EQ(kafka->kind, LogSink::Kind::kKafka);
  EXPECT_EQ(kafka->brokers, "one:9092,[::1]:9093");
  EXPECT_EQ(kafka->topic, "my.topic-1_x");
}

TEST(LogSinkText, ForStandardOutputIsRefusedWithWhatIsPossible) {
  EXPECT_THAT(Refusal("jsonl:-"), HasSubstr("stdout carries the ready line and stderr the log; "
                                            "name a file, a named pipe, or /dev/fd/N"));
  EXPECT_THAT(Refusal("jsonl:"), HasSubstr("jsonl:PATH"));
}

TEST(LogSinkText, ForKafkaNeedsAPortAndATopic) {
  for (const char* text : {"kafka:", "kafka:host:9092", "kafka:host/topic", "kafka:host:0/topic",
                           "kafka:host:9092/", "kafka:host:9092/a b", "kafka:host:9092,/topic",
                           "kafka::9092/topic", "kafka:host:70000/topic"}) {
    EXPECT_THAT(Refusal(text), HasSubstr("is not kafka:HOST:PORT[,HOST:PORT...]/TOPIC"));
  }
}

}  // namespace
}  // namespace tournant
