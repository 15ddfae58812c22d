#include "predictions/element_text.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "base/half.h"

namespace tournant {
namespace {

template <class T>
T Load(const char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);  // Little endian, like the machines this runs on.
  return value;
}

template <class T>
std::string FloatText(T value) {
  if (std::isnan(value)) return "\"NaN\"";
  if (std::isinf(value)) return value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  char text[40];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  return std::string(text, end);
}

}  // namespace

std::string ElementText(DataType type, const char* bytes) {
  switch (type) {
    case DataType::kBool:
      return *bytes != 0 ? "true" : "false";
    case DataType::kUint8:
      return absl::StrCat(Load<uint8_t>(bytes));
    case DataType::kUint16:
      return absl::StrCat(Load<uint16_t>(bytes));
    case DataType::kUint32:
      return absl::StrCat(Load<uint32_t>(bytes));
    case DataType::kUint64:
      return absl::StrCat(Load<uint64_t>(bytes));
    case DataType::kInt8:
      return absl::StrCat(static_cast<int>(Load<int8_t>(bytes)));
    case DataType::kInt16:
      return absl::StrCat(Load<int16_t>(bytes));
    case DataType::kInt32:
      return absl::StrCat(Load<int32_t>(bytes));
    case DataType::kInt64:
      return absl::StrCat(Load<int64_t>(bytes));
    case DataType::kFp16:
      return FloatText(FloatFromFp16(Load<uint16_t>(bytes)));
    case DataType::kFp32:
      return FloatText(Load<float>(bytes));
    case DataType::kFp64:
      return FloatText(Load<double>(bytes));
    case DataType::kBf16:
      return FloatText(FloatFromBf16(Load<uint16_t>(bytes)));
    case DataType::kBytes:
    case DataType::kInvalid:
      break;
  }
  return "null";
}

}  // namespace tournant
