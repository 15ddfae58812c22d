#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace tournant {

// Whether `text` is well-formed UTF-8 (no overlong forms, no surrogates, nothing above U+10FFFF).
bool IsUtf8(absl::string_view text);

// `text`, with each byte that is part of no well-formed character replaced by U+FFFD. Protobuf
// writes any bytes into a string field, and refuses the whole message when it reads them.
std::string ToUtf8(absl::string_view text);

}  // namespace tournant
