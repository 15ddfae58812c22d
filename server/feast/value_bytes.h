#pragma once

#include "absl/strings/string_view.h"

namespace tournant {

// What a stored value is, seen from the outside of its bytes.
enum class StoredValue {
  kNull,  // no bytes, the explicit null, or the "no time" timestamp
  kValue,
  kDamaged,  // not the bytes of one message
};

struct ValuePeek {
  StoredValue kind = StoredValue::kNull;
  int field = 0;  // which member of feast.types.Value; 0 without one
};

// Looks at a serialized feast.types.Value without decoding it: an answer carries stored bytes as
// they are, and needs to know only whether they are a value. Reads the outer field headers, so
// its cost does not grow with the value.
ValuePeek PeekValue(absl::string_view bytes);

}  // namespace tournant
