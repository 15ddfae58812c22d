#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "feast/value_type.h"
#include "models/data_type.h"

namespace tournant {

// What a single value is on its way from a feature or a request tensor into a model's tensor.
// Integers stay integers, so that ids of 64 bits arrive exactly.
struct Element {
  enum class Kind : uint8_t { kInteger, kFloating, kText };

  static Element Integer(int64_t value) { return {Kind::kInteger, value, 0, {}}; }
  static Element Floating(double value) { return {Kind::kFloating, 0, value, {}}; }
  static Element Text(absl::string_view value) { return {Kind::kText, 0, 0, value}; }

  bool is_nan() const { return kind == Kind::kFloating && floating != floating; }

  Kind kind = Kind::kInteger;
  int64_t integer = 0;
  double floating = 0;
  absl::string_view text;
};

// Appends one element of a tensor of `type` to its raw bytes. False, with nothing appended, when
// the type cannot hold the value: text in numbers and numbers in text, integers out of range,
// fractions in integers, finite values that a float would turn into infinity. Only floating types
// round.
bool AppendElement(const Element& element, DataType type, std::string& bytes);

// Why a value that a caller gave in a tensor of type `given` was refused for one of `type`.
// `target` names it, such as "the FP32 of 'x'".
std::string WhyUnfit(const Element& element, DataType given, DataType type,
                     absl::string_view target);

// Types of tensors that are filled column by column.
bool CanAssemble(DataType type);
inline bool IsFloating(DataType type) { return type == DataType::kFp32 || type == DataType::kFp64; }
bool IsInteger(DataType type);
// Types of request tensors whose values columns and keys can be taken from.
bool CanReadElements(DataType type);

// What is known before there is a value: whether its kind ever fits.
bool CanCast(DataType from, DataType to);
bool CanCast(ValueType from, DataType to);

}  // namespace tournant
