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

// A caller may send texts as long as he likes.
std::string Bounded(const std::string& text) {
  constexpr size_t kLongest = 4096;
  return text.size() <= kLongest ? text : text.substr(0, kLongest) + "...";
}
template <class T>
T Bounded(T number) {
  return number;
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
    std::visit([&](const auto& value) { line[KeyOf(field)] = Bounded(value); }, field.value);
  }
  // Plain ASCII: no control character, no line separator and no direction mark of a caller gets
  // out.
  constexpr bool kEscapeAllElse = true;
  return line.dump(-1, ' ', kEscapeAllElse, Json::error_handler_t::replace);
}

}  // namespace tournant
