#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tournant {

// Where the records of a prediction log go, as --prediction_log says it.
struct LogSink {
  enum class Kind { kFolder, kJsonLines, kKafka };
  Kind kind = Kind::kFolder;
  std::string path = "";     // kFolder, kJsonLines.
  std::string brokers = "";  // kKafka: HOST:PORT, with commas between several.
  std::string topic = "";
};

// DIR, jsonl:PATH or kafka:HOST:PORT[,HOST:PORT...]/TOPIC. INVALID_ARGUMENT says what is wrong.
absl::StatusOr<LogSink> ParseLogSink(absl::string_view text);

}  // namespace tournant
