#pragma once

#include <string>

#include "models/data_type.h"

namespace tournant {

// The element that begins at `bytes` as a JSON value: numbers in the shortest form that reads back
// as the same, "NaN", "Infinity" and "-Infinity" as strings (as protobuf's JSON has it). Not for
// BYTES: null.
std::string ElementText(DataType type, const char* bytes);

}  // namespace tournant
