#include "base/status.h"

#include "absl/strings/cord.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace tournant {
namespace {

constexpr absl::string_view kFieldUrl = "tournant/field";
constexpr absl::string_view kReasonUrl = "tournant/overload_reason";
constexpr absl::string_view kRetryUrl = "tournant/retry_after_ms";
constexpr absl::string_view kWaitUrl = "tournant/predicted_wait_ms";

void SetMilliseconds(absl::string_view url, std::chrono::milliseconds time, absl::Status& status) {
  // By way of a view: the constructor from a moved string is a template that gcc, which built
  // Debian's library, and clang name differently.
  const std::string text = absl::StrCat(time.count());
  status.SetPayload(url, absl::Cord(absl::string_view(text)));
}

std::optional<std::chrono::milliseconds> MillisecondsOf(absl::string_view url,
                                                        const absl::Status& status) {
  const auto text = status.GetPayload(url);
  int64_t milliseconds = 0;
  if (!text || !absl::SimpleAtoi(std::string(*text), &milliseconds)) return std::nullopt;
  return std::chrono::milliseconds(milliseconds);
}

}  // namespace

absl::Status InvalidField(absl::string_view field, absl::string_view message) {
  absl::Status status = absl::InvalidArgumentError(message);
  status.SetPayload(kFieldUrl, absl::Cord(field));
  return status;
}

absl::Status InvalidEntry(absl::string_view map, absl::string_view key, absl::string_view message) {
  return InvalidField(absl::StrCat(map, "[", Quote(key), "]"), message);
}

std::string FieldOf(const absl::Status& status) {
  const auto field = status.GetPayload(kFieldUrl);
  return field ? std::string(*field) : std::string();
}

absl::Status Overloaded(absl::string_view reason, std::chrono::milliseconds retry_after,
                        absl::string_view message, std::optional<Duration> predicted_wait) {
  absl::Status status = absl::ResourceExhaustedError(message);
  status.SetPayload(kReasonUrl, absl::Cord(reason));
  SetMilliseconds(kRetryUrl, retry_after, status);
  if (predicted_wait) {
    SetMilliseconds(kWaitUrl,
                    std::chrono::duration_cast<std::chrono::milliseconds>(*predicted_wait), status);
  }
  return status;
}

std::optional<OverloadInfo> OverloadOf(const absl::Status& status) {
  const auto reason = status.GetPayload(kReasonUrl);
  const std::optional<std::chrono::milliseconds> retry = MillisecondsOf(kRetryUrl, status);
  if (!reason || !retry) return std::nullopt;
  return OverloadInfo{std::string(*reason), *retry, MillisecondsOf(kWaitUrl, status)};
}

std::string Quote(absl::string_view text, size_t max) {
  const bool cut = text.size() > max;
  std::string quoted = absl::CEscape(text.substr(0, max));
  if (cut) absl::StrAppend(&quoted, "...");
  return quoted;
}

absl::Status Annotate(const absl::Status& status, absl::string_view prefix) {
  if (status.ok()) return status;
  absl::Status annotated(status.code(), absl::StrCat(prefix, ": ", status.message()));
  status.ForEachPayload([&annotated](absl::string_view url, const absl::Cord& payload) {
    annotated.SetPayload(url, payload);
  });
  return annotated;
}

absl::Status JoinErrors(const std::vector<absl::Status>& errors) {
  if (errors.empty()) return absl::OkStatus();
  std::string text;
  for (const absl::Status& error : errors) {
    absl::StrAppend(&text, text.empty() ? "" : "\n", error.message());
  }
  return absl::Status(errors.front().code(), text);
}

}  // namespace tournant
