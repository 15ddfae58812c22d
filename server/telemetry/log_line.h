#pragma once

#include <initializer_list>
#include <string>

#include "absl/strings/string_view.h"
#include "base/clock.h"
#include "telemetry/log.h"

namespace tournant {

// The JSON object that Log writes, without the newline. Bytes that are not UTF-8 become U+FFFD, so
// that every line can be parsed; a field that is named like one of the three fixed keys gets a `_`
// behind its name.
std::string LogLine(WallTime time, LogLevel level, absl::string_view message,
                    std::initializer_list<LogField> fields);

// "2013-10-01T12:00:00.000001Z": RFC 3339, UTC, microseconds.
std::string Rfc3339(WallTime time);

}  // namespace tournant
