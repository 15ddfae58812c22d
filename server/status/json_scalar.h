#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "absl/strings/string_view.h"
#include "models/data_type.h"

namespace tournant {

// A value in JSON that is neither an array nor an object. monostate: null.
using JsonScalar = std::variant<std::monostate, bool, int64_t, uint64_t, double, absl::string_view>;

// Appends it as one element of a tensor of `type` to the tensor's raw bytes. False, with nothing
// appended, when the type cannot hold it: integers out of range, fractions in integers, finite
// numbers that would become infinite, text but for "NaN", "Infinity" and "-Infinity", which JSON
// has no numbers for. Only floating types round.
bool AppendScalar(DataType type, const JsonScalar& value, std::string& bytes);

// For messages, cut and escaped: true, -5, 'abc'.
std::string ScalarText(const JsonScalar& value);

}  // namespace tournant
