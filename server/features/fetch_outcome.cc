#include "features/fetch_outcome.h"

#include <algorithm>
#include <chrono>
#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"

namespace tournant {
namespace {

constexpr absl::string_view kNotAskedUrl = "tournant/feature_store_not_asked";
constexpr absl::string_view kPushbackUrl = "tournant/feature_store_pushback_ms";

// No store can be blamed for taking longer.
constexpr Duration kShortest = std::chrono::milliseconds(1);

}  // namespace

absl::string_view FetchOutcomeName(FetchOutcome outcome) {
  constexpr absl::string_view kNames[kFetchOutcomes] = {
      "ok", "error", "unavailable", "timeout", "hurried", "exhausted", "cancelled", "not_asked"};
  return kNames[static_cast<size_t>(outcome)];
}

FetchOutcome OutcomeOf(const absl::Status& status, Duration took, Duration typical) {
  if (status.ok()) return FetchOutcome::kOk;
  if (WasNotAsked(status)) return FetchOutcome::kNotAsked;
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
      return FetchOutcome::kUnavailable;
    case absl::StatusCode::kResourceExhausted:
      return FetchOutcome::kExhausted;
    case absl::StatusCode::kDeadlineExceeded:
      return took < std::max(typical, kShortest) ? FetchOutcome::kHurried : FetchOutcome::kTimedOut;
    case absl::StatusCode::kCancelled:
      return FetchOutcome::kCancelled;
    default:
      return FetchOutcome::kError;
  }
}

absl::Status NotAsked(absl::Status refusal) {
  refusal.SetPayload(kNotAskedUrl, absl::Cord());
  return refusal;
}

bool WasNotAsked(const absl::Status& status) {
  return !status.ok() && status.GetPayload(kNotAskedUrl).has_value();
}

Pushback ParsePushback(absl::string_view text) {
  int64_t milliseconds = -1;
  // An hour is for ever here, and longer waits would overflow.
  constexpr int64_t kMost = 3'600'000;
  if (!absl::SimpleAtoi(text, &milliseconds) || milliseconds < 0) return {};
  return {true, std::chrono::milliseconds(std::min(milliseconds, kMost))};
}

absl::Status WithPushback(absl::Status status, const Pushback& pushback) {
  const std::string text =
      pushback.retry
          ? std::to_string(
                std::chrono::duration_cast<std::chrono::milliseconds>(pushback.wait).count())
          : "-1";
  // By way of a view, as in base/status.cc.
  status.SetPayload(kPushbackUrl, absl::Cord(absl::string_view(text)));
  return status;
}

std::optional<Pushback> PushbackOf(const absl::Status& status) {
  if (status.ok()) return std::nullopt;
  const auto text = status.GetPayload(kPushbackUrl);
  if (!text) return std::nullopt;
  return ParsePushback(std::string(*text));
}

}  // namespace tournant
