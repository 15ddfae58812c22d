#pragma once

#include "absl/strings/string_view.h"

namespace tournant {

// Where Log sends its lines, each with its newline; null: straight to stderr. For AsyncLog.
using LogOutput = void (*)(absl::string_view line);
void SetLogOutput(LogOutput output);

}  // namespace tournant
