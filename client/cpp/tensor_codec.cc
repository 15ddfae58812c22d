#include "cpp/tensor_codec.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <system_error>
#include <type_traits>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/half.h"
#include "base/status.h"

namespace tournant::client {
namespace {

static_assert(std::endian::native == std::endian::little, "raw tensors are little endian");

template <typename T>
void AppendRaw(T value, std::string& raw) {
  raw.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

template <typename T>
bool TakeRaw(absl::string_view& raw, T& value) {
  if (raw.size() < sizeof(T)) return false;
  std::memcpy(&value, raw.data(), sizeof(T));
  raw.remove_prefix(sizeof(T));
  return true;
}

absl::Status Bad(Datatype type, absl::string_view text, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("'", Quote(text, 40), "' is ", why, " ", DatatypeName(type)));
}
absl::Status NotA(Datatype type, absl::string_view text) {
  return Bad(type, text, "not a value of");
}
absl::Status OutOfRange(Datatype type, absl::string_view text) {
  return Bad(type, text, "out of the range of");
}

// Whole numbers that went through a floating point column ("3.0"); exact up to 2^53.
bool IntegerFromDecimal(absl::string_view text, double& whole) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), whole);
  return error == std::errc() && end == text.data() + text.size() && std::trunc(whole) == whole &&
         std::fabs(whole) <= 9007199254740992.0;
}

template <typename T>
absl::Status AppendInteger(Datatype type, absl::string_view text, std::string& raw) {
  T value{};
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  if (error == std::errc() && end == last) {
    AppendRaw(value, raw);
    return absl::OkStatus();
  }
  if (error == std::errc::result_out_of_range && end == last) return OutOfRange(type, text);
  double whole = 0;
  if (!IntegerFromDecimal(text, whole)) return NotA(type, text);
  if (whole < static_cast<double>(std::numeric_limits<T>::min()) ||
      whole > static_cast<double>(std::numeric_limits<T>::max())) {
    return OutOfRange(type, text);
  }
  AppendRaw(static_cast<T>(whole), raw);
  return absl::OkStatus();
}

template <typename T>
absl::Status ParseFloating(Datatype type, absl::string_view text, T& value) {
  const char* const last = text.data() + text.size();
  auto [end, error] = std::from_chars(text.data(), last, value);
  if (end != last || error == std::errc::invalid_argument) return NotA(type, text);
  if (error == std::errc()) return absl::OkStatus();
  // Out of range is also what is too close to zero, and that becomes zero.
  double wide = 0;
  std::from_chars(text.data(), last, wide);
  const bool tiny = std::fabs(wide) < 1 && (wide != 0 || absl::StrContains(text, '-'));
  if (!tiny) return OutOfRange(type, text);
  value = static_cast<T>(wide);
  return absl::OkStatus();
}

template <typename T>
absl::Status AppendFloating(Datatype type, absl::string_view text, std::string& raw) {
  T value{};
  if (absl::Status parsed = ParseFloating(type, text, value); !parsed.ok()) return parsed;
  AppendRaw(value, raw);
  return absl::OkStatus();
}

absl::Status AppendHalf(Datatype type, absl::string_view text, std::string& raw) {
  float value = 0;
  if (absl::Status parsed = ParseFloating(type, text, value); !parsed.ok()) return parsed;
  const bool fp16 = type == Datatype::kFp16;
  const uint16_t bits = fp16 ? Fp16FromFloat(value) : Bf16FromFloat(value);
  if (std::isfinite(value) && !std::isfinite(fp16 ? FloatFromFp16(bits) : FloatFromBf16(bits))) {
    return OutOfRange(type, text);
  }
  AppendRaw(bits, raw);
  return absl::OkStatus();
}

absl::Status AppendBool(absl::string_view text, std::string& raw) {
  const bool yes = text == "1" || absl::EqualsIgnoreCase(text, "true");
  if (!yes && text != "0" && !absl::EqualsIgnoreCase(text, "false")) {
    return NotA(Datatype::kBool, text);
  }
  raw.push_back(yes ? 1 : 0);
  return absl::OkStatus();
}

// Calls visit(value) with the next element of a type that is not BYTES.
template <typename T, typename Visit>
bool VisitRaw(absl::string_view& raw, Visit visit) {
  T value{};
  if (!TakeRaw(raw, value)) return false;
  visit(value);
  return true;
}

template <typename Visit>
bool VisitHalf(absl::string_view& raw, float (*convert)(uint16_t), Visit visit) {
  return VisitRaw<uint16_t>(raw, [&](uint16_t bits) { visit(convert(bits)); });
}

template <typename Visit>
bool VisitElement(Datatype type, absl::string_view& raw, Visit visit) {
  switch (type) {
    case Datatype::kBool:
      return VisitRaw<uint8_t>(raw, [&](uint8_t value) { visit(value != 0); });
    case Datatype::kUint8:
      return VisitRaw<uint8_t>(raw, visit);
    case Datatype::kUint16:
      return VisitRaw<uint16_t>(raw, visit);
    case Datatype::kUint32:
      return VisitRaw<uint32_t>(raw, visit);
    case Datatype::kUint64:
      return VisitRaw<uint64_t>(raw, visit);
    case Datatype::kInt8:
      return VisitRaw<int8_t>(raw, visit);
    case Datatype::kInt16:
      return VisitRaw<int16_t>(raw, visit);
    case Datatype::kInt32:
      return VisitRaw<int32_t>(raw, visit);
    case Datatype::kInt64:
      return VisitRaw<int64_t>(raw, visit);
    case Datatype::kFp16:
      return VisitHalf(raw, FloatFromFp16, visit);
    case Datatype::kBf16:
      return VisitHalf(raw, FloatFromBf16, visit);
    case Datatype::kFp32:
      return VisitRaw<float>(raw, visit);
    case Datatype::kFp64:
      return VisitRaw<double>(raw, visit);
    case Datatype::kInvalid:
    case Datatype::kBytes:
      return false;
  }
  return false;
}

}  // namespace

absl::Status AppendElement(Datatype type, absl::string_view text, std::string& raw) {
  if (type == Datatype::kBytes) {
    AppendBytes(text, raw);
    return absl::OkStatus();
  }
  text = absl::StripAsciiWhitespace(text);
  switch (type) {
    case Datatype::kBool:
      return AppendBool(text, raw);
    case Datatype::kUint8:
      return AppendInteger<uint8_t>(type, text, raw);
    case Datatype::kUint16:
      return AppendInteger<uint16_t>(type, text, raw);
    case Datatype::kUint32:
      return AppendInteger<uint32_t>(type, text, raw);
    case Datatype::kUint64:
      return AppendInteger<uint64_t>(type, text, raw);
    case Datatype::kInt8:
      return AppendInteger<int8_t>(type, text, raw);
    case Datatype::kInt16:
      return AppendInteger<int16_t>(type, text, raw);
    case Datatype::kInt32:
      return AppendInteger<int32_t>(type, text, raw);
    case Datatype::kInt64:
      return AppendInteger<int64_t>(type, text, raw);
    case Datatype::kFp16:
    case Datatype::kBf16:
      return AppendHalf(type, text, raw);
    case Datatype::kFp32:
      return AppendFloating<float>(type, text, raw);
    case Datatype::kFp64:
      return AppendFloating<double>(type, text, raw);
    case Datatype::kInvalid:
    case Datatype::kBytes:
      break;
  }
  return absl::InvalidArgumentError("an element without a datatype");
}

void AppendBytes(absl::string_view bytes, std::string& raw) {
  AppendRaw(static_cast<uint32_t>(bytes.size()), raw);
  raw.append(bytes.data(), bytes.size());
}

bool TakeElement(Datatype type, absl::string_view& raw, std::string& text) {
  if (type == Datatype::kBytes) {
    absl::string_view bytes;
    if (!TakeBytes(raw, bytes)) return false;
    text.append(bytes.data(), bytes.size());
    return true;
  }
  return VisitElement(type, raw, [&text](auto value) {
    using Value = decltype(value);
    if constexpr (std::is_same_v<Value, bool>) {
      text.append(value ? "true" : "false");
    } else {
      char digits[32];
      const auto end = std::to_chars(std::begin(digits), std::end(digits), value).ptr;
      text.append(digits, static_cast<size_t>(end - digits));
    }
  });
}

bool TakeNumber(Datatype type, absl::string_view& raw, double& number) {
  return VisitElement(type, raw, [&number](auto value) { number = static_cast<double>(value); });
}

bool TakeBytes(absl::string_view& raw, absl::string_view& bytes) {
  absl::string_view rest = raw;
  uint32_t length = 0;
  if (!TakeRaw(rest, length) || rest.size() < length) return false;
  bytes = rest.substr(0, length);
  raw = rest.substr(length);
  return true;
}

}  // namespace tournant::client
