#include "base/half.h"

#include <bit>
#include <cmath>
#include <limits>

namespace tournant {
namespace {

constexpr uint32_t kFloatInfinity = 0x7f800000;
constexpr uint32_t kFp16Infinity = 0x7c00;
constexpr uint32_t kFp16Overflow = 0x477ff000;  // 65520, halfway between 65504 and the next step.
constexpr uint32_t kFp16Normal = 0x38800000;    // 2^-14
constexpr float kFp16Steps = 16777216.0F;       // 2^24 subnormal steps in 1.

}  // namespace

uint16_t Fp16FromFloat(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const uint32_t sign = (bits >> 16) & 0x8000;
  const uint32_t magnitude = bits & 0x7fffffff;
  uint32_t half = 0;
  if (magnitude > kFloatInfinity) {
    half = kFp16Infinity | 0x200;
  } else if (magnitude >= kFp16Overflow) {
    half = kFp16Infinity;
  } else if (magnitude < kFp16Normal) {
    half = static_cast<uint32_t>(std::nearbyint(std::fabs(value) * kFp16Steps));
  } else {
    // The exponent's bias goes from 127 to 15; 13 bits of the mantissa are rounded away.
    half = (magnitude + 0xfff + ((magnitude >> 13) & 1) - (112U << 23)) >> 13;
  }
  return static_cast<uint16_t>(sign | half);
}

float FloatFromFp16(uint16_t bits) {
  const float sign = (bits & 0x8000) != 0 ? -1.0F : 1.0F;
  const int exponent = (bits >> 10) & 31;
  const int mantissa = bits & 1023;
  if (exponent == 31) {
    return sign * (mantissa == 0 ? std::numeric_limits<float>::infinity()
                                 : std::numeric_limits<float>::quiet_NaN());
  }
  if (exponent == 0) return sign * static_cast<float>(mantissa) / kFp16Steps;
  return sign * std::ldexp(static_cast<float>(1024 + mantissa), exponent - 25);
}

uint16_t Bf16FromFloat(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  if (std::isnan(value)) return static_cast<uint16_t>((bits >> 16) | 0x40);
  return static_cast<uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

float FloatFromBf16(uint16_t bits) {
  return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
}

}  // namespace tournant
