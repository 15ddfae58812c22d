#include "telemetry/log_line.h"

#include <nlohmann/json.hpp>

#include "absl/time/time.h"

namespace tournant {
namespace {

absl::string_view LevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "error";
}

std::string KeyOf(const LogField& field) {
  std::string key(field.key);
  if (key == "time" || key == "level" || key == "message") key += '_';
  return key;
}

}  // namespace

std::string Rfc3339(WallTime time) {
  // Six digits always, so that lines sort as text.
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", absl::FromChrono(time), absl::UTCTimeZone());
}

std::string LogLine(WallTime time, LogLevel level, absl::string_view message,
                    std::initializer_list<LogField> fields) {
  using Json = nlohmann::ordered_json;
  Json line;
  line["time"] = Rfc3339(time);
  line["level"] = std::string(LevelName(level));
  line["message"] = std::string(message);
  for (const LogField& field : fields) {
    std::visit([&](const auto& value) { line[KeyOf(field)] = value; }, field.value);
  }
  return line.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace tournant
