#include "feature_store/event_time.h"

#include <chrono>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/status.h"

namespace tournant {
namespace {

// Takes exactly `digits` digits off the front.
std::optional<int> TakeNumber(absl::string_view& text, size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int number = 0;
  for (size_t i = 0; i < digits; ++i) {
    if (!absl::ascii_isdigit(text[i])) return std::nullopt;
    number = number * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return number;
}

// "+HH", "+HH:MM", "+HHMM" or "+H", in seconds; the whole text.
std::optional<int64_t> OffsetSeconds(absl::string_view text) {
  if (text.empty() || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const int sign = text[0] == '-' ? -1 : 1;
  text.remove_prefix(1);
  const size_t hour_digits = text.size() >= 2 && absl::ascii_isdigit(text[1]) ? 2 : 1;
  const std::optional<int> hours = TakeNumber(text, hour_digits);
  if (!hours) return std::nullopt;
  int minutes = 0;
  if (!text.empty()) {
    absl::ConsumePrefix(&text, ":");
    const std::optional<int> parsed = TakeNumber(text, 2);
    if (!parsed || !text.empty()) return std::nullopt;
    minutes = *parsed;
  }
  if (*hours > 14 || minutes > 59) return std::nullopt;  // the widest offset in use is +14:00
  return sign * (*hours * 3600 + minutes * 60);
}

}  // namespace

std::optional<EventTime> ParseTextTime(absl::string_view text) {
  const auto year = TakeNumber(text, 4);
  if (!year || !absl::ConsumePrefix(&text, "-")) return std::nullopt;
  const auto month = TakeNumber(text, 2);
  if (!month || !absl::ConsumePrefix(&text, "-")) return std::nullopt;
  const auto day = TakeNumber(text, 2);
  if (!day || !(absl::ConsumePrefix(&text, " ") || absl::ConsumePrefix(&text, "T"))) {
    return std::nullopt;
  }
  const auto hour = TakeNumber(text, 2);
  if (!hour || !absl::ConsumePrefix(&text, ":")) return std::nullopt;
  const auto minute = TakeNumber(text, 2);
  if (!minute || !absl::ConsumePrefix(&text, ":")) return std::nullopt;
  const auto second = TakeNumber(text, 2);
  if (!second || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;

  int32_t nanos = 0;
  if (absl::ConsumePrefix(&text, ".")) {
    int32_t unit = 100'000'000;
    if (text.empty() || !absl::ascii_isdigit(text[0])) return std::nullopt;
    while (!text.empty() && absl::ascii_isdigit(text[0])) {
      nanos += unit * (text[0] - '0');
      unit /= 10;
      text.remove_prefix(1);
    }
  }
  int64_t offset = 0;
  if (!text.empty() && text != "Z") {
    const std::optional<int64_t> parsed = OffsetSeconds(text);
    if (!parsed) return std::nullopt;
    offset = *parsed;
  }

  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return EventTime{days * 86'400 + *hour * 3600 + *minute * 60 + *second - offset, nanos};
}

absl::StatusOr<int64_t> ParseFixedZone(absl::string_view zone) {
  if (zone == "Z" || zone == "UTC" || zone == "GMT") return 0;
  const std::optional<int64_t> offset = OffsetSeconds(zone);
  if (offset) return *offset;
  return absl::InvalidArgumentError(absl::StrCat(
      "'", Quote(zone),
      "' is neither UTC nor a fixed offset such as +02:00; a zone whose offset changes "
      "during the year cannot be undone"));
}

}  // namespace tournant
