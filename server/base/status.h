#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "base/clock.h"

namespace tournant {

// Errors cross rooms as absl::Status. What a bare code and text cannot say travels as a payload and
// is turned into google.rpc details by rpc/.

// INVALID_ARGUMENT at a field of the request, such as "inputs[2].shape[1]".
absl::Status InvalidField(absl::string_view field, absl::string_view message);
// The same at an entry of a map of the request: `map` is "parameters", and `key`, which came from
// the caller, is quoted.
absl::Status InvalidEntry(absl::string_view map, absl::string_view key, absl::string_view message);
// The field of an error made by either; empty for others.
std::string FieldOf(const absl::Status& status);

// RESOURCE_EXHAUSTED: this server cannot take the call now. `reason` is an upper-case token such as
// "QUEUE_FULL" (google.rpc.ErrorInfo.reason); `retry_after` tells a well-behaved client when to
// come again, kNever that it should not. `predicted_wait` is how long the call would have waited,
// where that is known.
inline constexpr std::chrono::milliseconds kNever{-1};
absl::Status Overloaded(absl::string_view reason, std::chrono::milliseconds retry_after,
                        absl::string_view message,
                        std::optional<Duration> predicted_wait = std::nullopt);
struct OverloadInfo {
  std::string reason;
  std::chrono::milliseconds retry_after;
  std::optional<std::chrono::milliseconds> predicted_wait;
};
std::optional<OverloadInfo> OverloadOf(const absl::Status& status);

// `text` for an error message: control characters and non-ASCII bytes escaped, cut at `max` bytes.
// Everything a caller sent goes through here before it is echoed or logged.
std::string Quote(absl::string_view text, size_t max = 128);

// The same code and payloads, with `prefix: ` before the message.
absl::Status Annotate(const absl::Status& status, absl::string_view prefix);

// All errors in one, with the code of the first; OK when there is none. For checks that report
// everything that is wrong, not only the first thing.
absl::Status JoinErrors(const std::vector<absl::Status>& errors);

}  // namespace tournant
