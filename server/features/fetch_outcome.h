#pragma once

#include <cstddef>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "base/clock.h"

namespace tournant {

// How one call to a backend ended, in the terms that breaker, limit, retry and metrics share. Only
// trouble on the way tells something about the backend; an error that it chose to answer with, such
// as INVALID_ARGUMENT or UNKNOWN, tells something about the request.
enum class FetchOutcome {
  kOk,
  kError,        // The store's word about the request.
  kUnavailable,  // Not reached, or refused.
  kTimedOut,     // Silent for longer than it usually takes.
  kHurried,      // Out of time sooner than that: it says nothing about the backend.
  kExhausted,    // It has too much to do.
  kCancelled,    // Nobody waits any more.
  kNotAsked,     // One of our own layers refused; nothing was sent.
};
inline constexpr size_t kFetchOutcomes = 8;
absl::string_view FetchOutcomeName(FetchOutcome outcome);

// The outcome of a call that took `took` to end with `status`. `typical` is what nearly all good
// answers take, zero when that is not known: a caller with less patience than that, or than a
// millisecond, must not be able to make a healthy backend look dead.
FetchOutcome OutcomeOf(const absl::Status& status, Duration took, Duration typical);

// Marks the refusal of a layer: no call was made.
absl::Status NotAsked(absl::Status refusal);
bool WasNotAsked(const absl::Status& status);

// What a store said in grpc-retry-pushback-ms: how long to stay away, or not to come again.
struct Pushback {
  bool retry = false;
  Duration wait{0};
};
// `text` is the value of the trailing metadata. Anything but a number from 0 on means "do not".
Pushback ParsePushback(absl::string_view text);
absl::Status WithPushback(absl::Status status, const Pushback& pushback);
std::optional<Pushback> PushbackOf(const absl::Status& status);

}  // namespace tournant
