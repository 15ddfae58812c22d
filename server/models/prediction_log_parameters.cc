#include "models/prediction_log_parameters.h"

#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/status.h"

namespace tournant {
namespace {

constexpr auto kModes = std::to_array<std::pair<LogMode, absl::string_view>>({
    {LogMode::kBestEffort, "best_effort"},
    {LogMode::kReserve, "reserve"},
    {LogMode::kSync, "sync"},
});

std::vector<std::string> Names(absl::string_view value) {
  std::vector<std::string> names = absl::StrSplit(value, ',', absl::SkipWhitespace());
  for (std::string& name : names) absl::StripAsciiWhitespace(&name);
  return names;
}

// Each sets one parameter and says what is wrong with its value, if anything.
using Setter = std::string (*)(absl::string_view value, PredictionLogParameters& parameters);

std::string SetMode(absl::string_view value, PredictionLogParameters& parameters) {
  parameters.mode = ParseLogMode(value);
  if (parameters.mode) return "";
  return absl::StrCat("is '", Quote(value), "', none of best_effort, reserve and sync");
}

std::string SetSample(absl::string_view value, PredictionLogParameters& parameters) {
  if (absl::SimpleAtod(value, &parameters.sample) && parameters.sample >= 0 &&
      parameters.sample <= 1) {
    return "";
  }
  return absl::StrCat("is '", Quote(value), "', not a share from 0 to 1");
}

std::string SetSlow(absl::string_view value, PredictionLogParameters& parameters) {
  constexpr double kMostMs = 86'400'000;
  double milliseconds = 0;
  if (!absl::SimpleAtod(value, &milliseconds) || !(milliseconds > 0 && milliseconds <= kMostMs)) {
    return absl::StrCat("is '", Quote(value),
                        "', not milliseconds above 0 and up to a day (86400000)");
  }
  parameters.slow = std::chrono::microseconds(static_cast<int64_t>(milliseconds * 1000));
  return "";
}

std::string SetFields(absl::string_view value, PredictionLogParameters& parameters) {
  parameters.fields = Names(value);
  return "";
}

std::string SetHash(absl::string_view value, PredictionLogParameters& parameters) {
  parameters.hashed = Names(value);
  return parameters.hashed.empty() ? "names nothing: list names with commas between them" : "";
}

std::string SetMaxTensorBytes(absl::string_view value, PredictionLogParameters& parameters) {
  int64_t bytes = 0;
  if (!absl::SimpleAtoi(value, &bytes) || bytes < 0) {
    return absl::StrCat("is '", Quote(value), "', not a whole number of bytes");
  }
  parameters.max_tensor_bytes = bytes;
  return "";
}

constexpr auto kSetters = std::to_array<std::pair<absl::string_view, Setter>>({
    {"mode", SetMode},
    {"sample", SetSample},
    {"slow_ms", SetSlow},
    {"fields", SetFields},
    {"hash", SetHash},
    {"max_tensor_bytes", SetMaxTensorBytes},
});

std::string Set(absl::string_view key, absl::string_view value,
                PredictionLogParameters& parameters) {
  const absl::string_view name = absl::StripPrefix(key, kPredictionLogPrefix);
  for (const auto& [known, set] : kSetters) {
    if (known == name) return set(value, parameters);
  }
  return absl::StrCat("is none of ",
                      absl::StrJoin(kSetters, ", ", [](std::string* out, const auto& setter) {
                        absl::StrAppend(out, kPredictionLogPrefix, setter.first);
                      }));
}

}  // namespace

absl::string_view LogModeName(LogMode mode) { return kModes[static_cast<size_t>(mode)].second; }

std::optional<LogMode> ParseLogMode(absl::string_view text) {
  for (const auto& [mode, name] : kModes) {
    if (name == text) return mode;
  }
  return std::nullopt;
}

std::string PredictionLogParameterError(absl::string_view key, absl::string_view value) {
  PredictionLogParameters ignored;
  return Set(key, value, ignored);
}

PredictionLogParameters ReadPredictionLogParameters(
    const std::map<std::string, std::string>& parameters) {
  PredictionLogParameters read;
  for (const auto& [key, value] : parameters) {
    if (absl::StartsWith(key, kPredictionLogPrefix)) Set(key, value, read);
  }
  return read;
}

}  // namespace tournant
