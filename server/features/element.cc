#include "features/element.h"

#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "models/tensor.h"

namespace tournant {
namespace {

template <class T>
bool Append(T value, std::string& bytes) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
  return true;
}

template <class T>
bool AppendInteger(int64_t value, std::string& bytes) {
  if (value < static_cast<int64_t>(std::numeric_limits<T>::min()) ||
      value > static_cast<int64_t>(std::numeric_limits<T>::max())) {
    return false;
  }
  return Append(static_cast<T>(value), bytes);
}

// The integer that `element` is, exactly.
bool ToInteger(const Element& element, int64_t& value) {
  if (element.kind == Element::Kind::kInteger) {
    value = element.integer;
    return true;
  }
  if (element.kind != Element::Kind::kFloating) return false;
  // From -2^63 to below 2^63: both are doubles, and so is every integer that passes.
  constexpr double kLimit = 9223372036854775808.0;
  const double floating = element.floating;
  if (!(floating >= -kLimit && floating < kLimit) || std::trunc(floating) != floating) return false;
  value = static_cast<int64_t>(floating);
  return true;
}

template <class T>
bool AppendFloating(const Element& element, std::string& bytes) {
  if (element.kind == Element::Kind::kText) return false;
  if (element.kind == Element::Kind::kInteger) {
    return Append(static_cast<T>(element.integer), bytes);
  }
  const T value = static_cast<T>(element.floating);
  // Rounded away to infinity. What is infinite already stays so.
  if (std::isinf(value) && !std::isinf(element.floating)) return false;
  return Append(value, bytes);
}

enum class Kind { kNone, kBool, kInteger, kFloating, kText, kTime };

bool Fits(Kind kind, DataType to) {
  switch (to) {
    case DataType::kFp32:
    case DataType::kFp64:
      return kind == Kind::kBool || kind == Kind::kInteger || kind == Kind::kFloating ||
             kind == Kind::kTime;
    case DataType::kInt64:
      return kind == Kind::kBool || kind == Kind::kInteger || kind == Kind::kTime;
    case DataType::kBool:
      return kind == Kind::kBool;
    case DataType::kBytes:
      return kind == Kind::kText;
    default:
      return IsInteger(to) && (kind == Kind::kBool || kind == Kind::kInteger);
  }
}

Kind KindOf(DataType type) {
  if (type == DataType::kBool) return Kind::kBool;
  if (type == DataType::kBytes) return Kind::kText;
  if (IsFloating(type)) return Kind::kFloating;
  return CanReadElements(type) ? Kind::kInteger : Kind::kNone;
}

Kind KindOf(ValueType type) {
  switch (ElementKindOf(type)) {
    case ElementKind::kText:
    case ElementKind::kBytes:
      return Kind::kText;
    case ElementKind::kTimestamp:
      return Kind::kTime;
    case ElementKind::kOther:
      return Kind::kNone;
    case ElementKind::kNumber:
      break;
  }
  switch (type) {
    case ValueType::kBool:
    case ValueType::kBoolList:
      return Kind::kBool;
    case ValueType::kInt32:
    case ValueType::kInt64:
    case ValueType::kInt32List:
    case ValueType::kInt64List:
      return Kind::kInteger;
    default:
      return Kind::kFloating;
  }
}

}  // namespace

bool AppendElement(const Element& element, DataType type, std::string& bytes) {
  if (type == DataType::kFp32) return AppendFloating<float>(element, bytes);
  if (type == DataType::kFp64) return AppendFloating<double>(element, bytes);
  if (type == DataType::kBytes) {
    if (element.kind != Element::Kind::kText) return false;
    AppendBytesElement(element.text, bytes);
    return true;
  }
  int64_t integer = 0;
  if (!ToInteger(element, integer)) return false;
  switch (type) {
    case DataType::kInt64:
      return Append(integer, bytes);
    case DataType::kInt32:
      return AppendInteger<int32_t>(integer, bytes);
    case DataType::kInt16:
      return AppendInteger<int16_t>(integer, bytes);
    case DataType::kInt8:
      return AppendInteger<int8_t>(integer, bytes);
    case DataType::kUint8:
      return AppendInteger<uint8_t>(integer, bytes);
    case DataType::kBool:
      if (integer != 0 && integer != 1) return false;
      return Append(static_cast<uint8_t>(integer), bytes);
    default:
      return false;
  }
}

std::string WhyUnfit(const Element& element, DataType given, DataType type,
                     absl::string_view target) {
  // They hold it; it is the model's bindings that do not take it.
  if (element.is_nan() && IsFloating(type)) {
    return absl::StrCat("NaN is not allowed in ", target);
  }
  if (element.kind == Element::Kind::kText || type == DataType::kBytes) {
    return absl::StrCat("a value of type ", DataTypeName(given), " does not fit into ", target);
  }
  if (element.kind == Element::Kind::kInteger) {
    return absl::StrCat(element.integer, " is out of range for ", target);
  }
  if (!IsFloating(type) && std::trunc(element.floating) != element.floating) {
    return absl::StrCat(element.floating, " is not a whole number, for ", target);
  }
  return absl::StrCat(element.floating, " is out of range for ", target);
}

bool IsInteger(DataType type) {
  switch (type) {
    case DataType::kInt64:
    case DataType::kInt32:
    case DataType::kInt16:
    case DataType::kInt8:
    case DataType::kUint8:
      return true;
    default:
      return false;
  }
}

bool CanAssemble(DataType type) {
  return IsInteger(type) || IsFloating(type) || type == DataType::kBool || type == DataType::kBytes;
}

bool CanReadElements(DataType type) {
  return CanAssemble(type) || type == DataType::kUint16 || type == DataType::kUint32;
}

bool CanCast(DataType from, DataType to) { return Fits(KindOf(from), to); }
bool CanCast(ValueType from, DataType to) { return Fits(KindOf(from), to); }

}  // namespace tournant
