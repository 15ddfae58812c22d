#include "predictions/tensor_values.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/utf8.h"
#include "models/tensor.h"

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

// IEEE half: 5 bits of exponent, 10 of mantissa.
float HalfToFloat(uint16_t bits) {
  const float sign = (bits & 0x8000) != 0 ? -1.0f : 1.0f;
  const int exponent = (bits >> 10) & 0x1F;
  const auto mantissa = static_cast<float>(bits & 0x3FF);
  if (exponent == 31) return mantissa == 0 ? sign * INFINITY : NAN;
  if (exponent == 0) return sign * std::ldexp(mantissa, -24);
  return sign * std::ldexp(1024.0f + mantissa, exponent - 25);
}

// The upper half of a float.
float BfloatToFloat(uint16_t bits) {
  const uint32_t wide = uint32_t{bits} << 16;
  float value;
  std::memcpy(&value, &wide, sizeof value);
  return value;
}

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
      return FloatText(HalfToFloat(Load<uint16_t>(bytes)));
    case DataType::kFp32:
      return FloatText(Load<float>(bytes));
    case DataType::kFp64:
      return FloatText(Load<double>(bytes));
    case DataType::kBf16:
      return FloatText(BfloatToFloat(Load<uint16_t>(bytes)));
    case DataType::kBytes:
    case DataType::kInvalid:
      break;
  }
  return "null";
}

std::string BytesText(absl::string_view element) {
  if (IsUtf8(element)) return JsonString(std::string(element));
  return absl::StrCat("{\"b64\": \"", absl::Base64Escape(element), "\"}");
}

}  // namespace

std::string JsonString(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::vector<std::string> TensorValues(const LoggedTensor& tensor) {
  const DataType type = DataTypeFromName(tensor.datatype());
  const auto count =
      ElementCount({tensor.shape().data(), static_cast<size_t>(tensor.shape_size())});
  if (tensor.omitted_bytes() > 0 || !count.has_value()) return {};
  const std::string& raw = tensor.raw();
  std::vector<std::string> values;
  if (type == DataType::kBytes) {
    std::vector<absl::string_view> elements;
    if (!SplitBytesElements(raw, *count, elements).ok()) return {};
    for (const absl::string_view element : elements) values.push_back(BytesText(element));
    return values;
  }
  const size_t size = ElementSize(type);
  if (size == 0 || raw.size() % size != 0 || raw.size() / size != static_cast<size_t>(*count)) {
    return {};
  }
  values.reserve(raw.size() / size);
  for (size_t at = 0; at < raw.size(); at += size) {
    values.push_back(ElementText(type, raw.data() + at));
  }
  return values;
}

}  // namespace tournant
