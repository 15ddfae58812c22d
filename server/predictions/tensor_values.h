#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tournant/prediction.pb.h"

namespace tournant {

// The elements of a tensor as JSON values, in row-major order: numbers in the shortest form that
// reads back as the same, "NaN", "Infinity" and "-Infinity" as strings (as protobuf's JSON has it),
// BYTES as strings, or as {"b64": "..."} where they are not UTF-8. Nothing when the bytes do not
// fit the type and shape, or were left out of the record.
std::vector<std::string> TensorValues(const LoggedTensor& tensor);

// `text` as a JSON string, with its quotes.
std::string JsonString(const std::string& text);

}  // namespace tournant
