#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "cpp/datatype.h"

namespace tournant::client {

// Between text and the protocol's raw bytes (little endian, row major; a BYTES element is a 4-byte
// length and its bytes), one element at a time. All functions are pure.

// Parses `text` as one element and appends it to `raw`; on an error nothing is appended. Blanks
// around a number do not matter, "3.0" is an integer, booleans are true, false, 1 and 0, and BYTES
// takes the text as it is.
absl::Status AppendElement(Datatype type, absl::string_view text, std::string& raw);

// Appends a BYTES element.
void AppendBytes(absl::string_view bytes, std::string& raw);

// Takes one element off the front of `raw` and appends it to `text`; floating point in the fewest
// digits that read back equal. False when `raw` holds no whole element.
bool TakeElement(Datatype type, absl::string_view& raw, std::string& text);

// The same for arithmetic; false for BYTES as well.
bool TakeNumber(Datatype type, absl::string_view& raw, double& number);

// The same for BYTES: a view into `raw`.
bool TakeBytes(absl::string_view& raw, absl::string_view& bytes);

}  // namespace tournant::client
