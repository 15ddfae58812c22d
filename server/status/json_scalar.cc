#include "status/json_scalar.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "absl/strings/str_cat.h"
#include "base/half.h"
#include "base/status.h"
#include "models/tensor.h"

namespace tournant {
namespace {

template <class T>
bool AppendRaw(T value, std::string& bytes) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
  return true;
}

template <class T>
bool AppendInteger(const JsonScalar& value, std::string& bytes) {
  if (const auto* number = std::get_if<int64_t>(&value)) {
    if (!std::in_range<T>(*number)) return false;
    return AppendRaw(static_cast<T>(*number), bytes);
  }
  if (const auto* number = std::get_if<uint64_t>(&value)) {
    if (!std::in_range<T>(*number)) return false;
    return AppendRaw(static_cast<T>(*number), bytes);
  }
  return false;
}

std::optional<double> Number(const JsonScalar& value) {
  if (const auto* number = std::get_if<double>(&value)) return *number;
  if (const auto* number = std::get_if<int64_t>(&value)) return static_cast<double>(*number);
  if (const auto* number = std::get_if<uint64_t>(&value)) return static_cast<double>(*number);
  const auto* text = std::get_if<absl::string_view>(&value);
  if (text == nullptr) return std::nullopt;
  if (*text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (*text == "Infinity") return std::numeric_limits<double>::infinity();
  if (*text == "-Infinity") return -std::numeric_limits<double>::infinity();
  return std::nullopt;
}

bool AppendFloating(DataType type, double number, std::string& bytes) {
  if (type == DataType::kFp64) return AppendRaw(number, bytes);
  // From halfway to the next step on a float would be infinite. Below that it is the largest one,
  // whose shortest text, 3.4028235e38, is a little above it; the conversion would be undefined.
  constexpr double kLargest = std::numeric_limits<float>::max();
  constexpr double kHalfway = 0x1.ffffffp127;
  const bool finite = std::isfinite(number);
  if (finite && std::fabs(number) >= kHalfway) return false;
  const auto narrow = static_cast<float>(finite ? std::clamp(number, -kLargest, kLargest) : number);
  if (type == DataType::kFp32) return AppendRaw(narrow, bytes);
  const bool half = type == DataType::kFp16;
  const uint16_t bits = half ? Fp16FromFloat(narrow) : Bf16FromFloat(narrow);
  if (finite && !std::isfinite(half ? FloatFromFp16(bits) : FloatFromBf16(bits))) return false;
  return AppendRaw(bits, bytes);
}

}  // namespace

bool AppendScalar(DataType type, const JsonScalar& value, std::string& bytes) {
  switch (type) {
    case DataType::kBool:
      if (!std::holds_alternative<bool>(value)) return false;
      return AppendRaw(std::get<bool>(value), bytes);
    case DataType::kUint8:
      return AppendInteger<uint8_t>(value, bytes);
    case DataType::kUint16:
      return AppendInteger<uint16_t>(value, bytes);
    case DataType::kUint32:
      return AppendInteger<uint32_t>(value, bytes);
    case DataType::kUint64:
      return AppendInteger<uint64_t>(value, bytes);
    case DataType::kInt8:
      return AppendInteger<int8_t>(value, bytes);
    case DataType::kInt16:
      return AppendInteger<int16_t>(value, bytes);
    case DataType::kInt32:
      return AppendInteger<int32_t>(value, bytes);
    case DataType::kInt64:
      return AppendInteger<int64_t>(value, bytes);
    case DataType::kFp16:
    case DataType::kBf16:
    case DataType::kFp32:
    case DataType::kFp64:
      if (const auto number = Number(value)) return AppendFloating(type, *number, bytes);
      return false;
    case DataType::kBytes:
      if (const auto* text = std::get_if<absl::string_view>(&value)) {
        AppendBytesElement(*text, bytes);
        return true;
      }
      return false;
    case DataType::kInvalid:
      return false;
  }
  return false;
}

std::string ScalarText(const JsonScalar& value) {
  if (const auto* boolean = std::get_if<bool>(&value)) return *boolean ? "true" : "false";
  if (const auto* number = std::get_if<int64_t>(&value)) return absl::StrCat(*number);
  if (const auto* number = std::get_if<uint64_t>(&value)) return absl::StrCat(*number);
  if (const auto* number = std::get_if<double>(&value)) return absl::StrCat(*number);
  if (const auto* text = std::get_if<absl::string_view>(&value)) {
    return absl::StrCat("'", Quote(*text, 40), "'");
  }
  return "null";
}

}  // namespace tournant
