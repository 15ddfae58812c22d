#include "predictions/log_sink.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/status.h"

namespace tournant {
namespace {

bool IsBroker(absl::string_view text) {
  const size_t colon = text.rfind(':');
  uint32_t port = 0;
  return colon != absl::string_view::npos && colon > 0 &&
         absl::SimpleAtoi(text.substr(colon + 1), &port) && port > 0 && port < 65536;
}

// What Kafka takes for a topic's name.
bool IsTopic(absl::string_view text) {
  constexpr size_t kMost = 249;
  return !text.empty() && text.size() <= kMost && text != "." && text != ".." &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' ||
                  c == '-';
         });
}

absl::StatusOr<LogSink> ParseKafka(absl::string_view text) {
  const size_t slash = text.find('/');
  LogSink sink{.kind = LogSink::Kind::kKafka};
  if (slash != absl::string_view::npos) {
    sink.brokers = std::string(text.substr(0, slash));
    sink.topic = std::string(text.substr(slash + 1));
  }
  const std::vector<absl::string_view> brokers = absl::StrSplit(sink.brokers, ',');
  if (!IsTopic(sink.topic) || !std::all_of(brokers.begin(), brokers.end(), IsBroker)) {
    return absl::InvalidArgumentError(
        absl::StrCat("'kafka:", Quote(text),
                     "' is not kafka:HOST:PORT[,HOST:PORT...]/TOPIC, where a topic has letters, "
                     "digits, '.', '_' and '-'"));
  }
  return sink;
}

}  // namespace

absl::StatusOr<LogSink> ParseLogSink(absl::string_view text) {
  if (absl::ConsumePrefix(&text, "kafka:")) return ParseKafka(text);
  if (!absl::ConsumePrefix(&text, "jsonl:")) {
    return LogSink{.kind = LogSink::Kind::kFolder, .path = std::string(text)};
  }
  if (text.empty()) return absl::InvalidArgumentError("'jsonl:' names no file: jsonl:PATH");
  if (text == "-") {
    return absl::InvalidArgumentError(
        "'jsonl:-' is not possible, since stdout carries the ready line and stderr the log; name a "
        "file, a named pipe, or /dev/fd/N of a descriptor that the server is started with");
  }
  return LogSink{.kind = LogSink::Kind::kJsonLines, .path = std::string(text)};
}

}  // namespace tournant
