#pragma once

#include <initializer_list>
#include <string>

#include "absl/strings/string_view.h"
#include "base/clock.h"
#include "telemetry/log.h"

namespace tournant {

// The JSON object that Log writes, without the newline, in ASCII: whatever else a text holds is
// escaped, and bytes that are not UTF-8 become U+FFFD, so that no text can look like another line
// and every line can be parsed. Texts are cut at 4 KiB; a field that is named like one of the three
// fixed keys gets a `_` behind its name.
std::string LogLine(WallTime time, LogLevel level, absl::string_view message,
                    std::initializer_list<LogField> fields);

// "2013-10-01T12:00:00.000001Z": RFC 3339, UTC, microseconds.
std::string Rfc3339(WallTime time);

}  // namespace tournant
