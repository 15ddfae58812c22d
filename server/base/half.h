#pragma once

#include <cstdint>

namespace tournant {

// 16-bit floating point, which C++20 has no type for. Conversions from float round to nearest, ties
// to even, and give infinity where the value is too large.

uint16_t Fp16FromFloat(float value);
float FloatFromFp16(uint16_t bits);

uint16_t Bf16FromFloat(float value);
float FloatFromBf16(uint16_t bits);

}  // namespace tournant
