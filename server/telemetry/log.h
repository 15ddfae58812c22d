#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <variant>

#include "absl/strings/string_view.h"

namespace tournant {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// A named value of a log line. Views are copied before Log returns.
struct LogField {
  LogField(absl::string_view key, absl::string_view value) : key(key), value(std::string(value)) {}
  LogField(absl::string_view key, const char* value) : key(key), value(std::string(value)) {}
  LogField(absl::string_view key, const std::string& value) : key(key), value(value) {}
  LogField(absl::string_view key, int64_t value) : key(key), value(value) {}
  LogField(absl::string_view key, int value) : key(key), value(static_cast<int64_t>(value)) {}
  LogField(absl::string_view key, size_t value) : key(key), value(static_cast<int64_t>(value)) {}
  LogField(absl::string_view key, double value) : key(key), value(value) {}
  LogField(absl::string_view key, bool value) : key(key), value(value) {}

  absl::string_view key;
  std::variant<std::string, int64_t, double, bool> value;
};

// Writes one JSON line to stderr, at once or by the thread of AsyncLog: {"time":...,
// "level":"info", "message":..., fields...}. `message` is a constant sentence that one can search
// for; what varies goes into the fields. Thread-safe. Plain C++, so that files that see Torch may
// include it.
void Log(LogLevel level, absl::string_view message, std::initializer_list<LogField> fields = {});

// Whether lines of a level are written; at start all but those of kDebug. Any thread.
void EnableLog(LogLevel level, bool on);
bool LogEnabled(LogLevel level);

// Enables `level` and those above it, and no others.
void SetLogLevel(LogLevel level);

}  // namespace tournant
