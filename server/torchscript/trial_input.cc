#include "torchscript/trial_input.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace tournant {
namespace {

constexpr int64_t kMostBytes = int64_t{64} << 20;

template <class Value>
void Append(Value value, std::string& bytes) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

// From -1.125 to 1.125 in steps of an eighth, which every floating-point type holds exactly.
float Fraction(int64_t index, int64_t row) {
  return static_cast<float>((index * 37 + row * 17) % 19 - 9) / 8;
}

// A fraction as FP16: five bits of exponent and ten of mantissa, where FP32 has eight and 23.
uint16_t AsHalf(float value) {
  uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof(bits));
  if (value == 0) return 0;
  const uint32_t exponent = ((bits >> 23) & 0xFF) - 127 + 15;
  return static_cast<uint16_t>(((bits >> 16) & 0x8000) | (exponent << 10) | ((bits >> 13) & 0x3FF));
}

uint16_t AsBfloat(float value) {
  uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof(bits));
  return static_cast<uint16_t>(bits >> 16);
}

void AppendElement(DataType type, int64_t index, int64_t row, std::string& bytes) {
  const float fraction = Fraction(index, row);
  switch (type) {
    case DataType::kBytes:
      return AppendBytesElement(std::string(static_cast<size_t>((index + row) % 3), 'a'), bytes);
    case DataType::kFp16:
      return Append(AsHalf(fraction), bytes);
    case DataType::kBf16:
      return Append(AsBfloat(fraction), bytes);
    case DataType::kFp32:
      return Append(fraction, bytes);
    case DataType::kFp64:
      return Append(static_cast<double>(fraction), bytes);
    default:
      break;
  }
  std::string value(ElementSize(type), '\0');
  value[0] = static_cast<char>((index + row) % 2);
  bytes += value;
}

template <class Float>
bool NearlySameFloats(absl::string_view a, absl::string_view b) {
  constexpr Float kTolerance = Float{1e-4};
  for (size_t at = 0; at + sizeof(Float) <= a.size(); at += sizeof(Float)) {
    Float x = 0;
    Float y = 0;
    std::memcpy(&x, a.data() + at, sizeof(x));
    std::memcpy(&y, b.data() + at, sizeof(y));
    if (x == y || (std::isnan(x) && std::isnan(y))) continue;
    const Float largest = std::max({Float{1}, std::abs(x), std::abs(y)});
    if (!(std::abs(x - y) <= kTolerance * largest)) return false;
  }
  return true;
}

}  // namespace

std::optional<Tensor> TrialInput(const InputGuess& guess, int64_t first, int64_t rows,
                                 int64_t any) {
  Tensor tensor;
  tensor.type = guess.type;
  Shape row_shape;
  for (const int64_t dim : guess.dims) row_shape.push_back(dim == -1 ? any : dim);
  const bool has_rows = rows >= 0;
  const int64_t count = has_rows ? rows : 1;
  if (has_rows) tensor.shape.push_back(rows);
  tensor.shape.insert(tensor.shape.end(), row_shape.begin(), row_shape.end());
  const DataType sized = guess.type == DataType::kBytes ? DataType::kUint64 : guess.type;
  const std::optional<int64_t> bytes = ByteSize(sized, tensor.shape);
  const std::optional<int64_t> each = ElementCount(row_shape);
  if (!bytes || !each || *bytes > kMostBytes) return std::nullopt;
  tensor.bytes.reserve(static_cast<size_t>(*bytes));
  for (int64_t row = first; row < first + count; ++row) {
    for (int64_t i = 0; i < *each; ++i) AppendElement(guess.type, i, row, tensor.bytes);
  }
  return tensor;
}

bool NearlySame(DataType type, absl::string_view a, absl::string_view b) {
  if (a == b) return true;
  if (a.size() != b.size()) return false;
  if (type == DataType::kFp32) return NearlySameFloats<float>(a, b);
  if (type == DataType::kFp64) return NearlySameFloats<double>(a, b);
  return false;
}

}  // namespace tournant
