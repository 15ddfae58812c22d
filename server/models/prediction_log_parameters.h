#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace tournant {

// What a call owes to the prediction log, and the log to it.
enum class LogMode {
  kBestEffort,  // The call waits for nothing; what the log cannot take is dropped and counted.
  kReserve,     // The call is let in only with a place in the log, and its record is not dropped.
  kSync,        // The same, and the answer leaves when its record is durable.
};
absl::string_view LogModeName(LogMode mode);  // "best_effort"
std::optional<LogMode> ParseLogMode(absl::string_view text);

// What the `parameters` of a model's config say about its records in the prediction log.
struct PredictionLogParameters {
  std::optional<LogMode> mode;  // None: the server's default.
  // The share of calls that are kept, by a hash of their request id; errors, degraded answers and
  // slow calls are kept anyway.
  double sample = 1;
  // From which time on a call is slow; none: above the 99th percentile of late.
  std::optional<std::chrono::microseconds> slow;
  // Names of tensors, join keys and features that are kept; none: all.
  std::optional<std::vector<std::string>> fields;
  // Names whose values are replaced by a keyed hash; "request_id" is one, too.
  std::vector<std::string> hashed;
  // A larger tensor is left out, with a note of its size.
  std::optional<int64_t> max_tensor_bytes;
};

// Every key of them begins like this.
inline constexpr char kPredictionLogPrefix[] = "prediction_log.";

// What is wrong with an entry of `parameters` whose key begins with the prefix, to be read after
// the parameter's name; empty when nothing is.
std::string PredictionLogParameterError(absl::string_view key, absl::string_view value);

// From the checked `parameters` of a config.
PredictionLogParameters ReadPredictionLogParameters(
    const std::map<std::string, std::string>& parameters);

}  // namespace tournant
