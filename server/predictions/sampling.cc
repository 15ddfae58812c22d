#include "predictions/sampling.h"

#include <cstdint>
#include <string>

#include "predictions/sha256.h"

namespace tournant {

bool InSample(absl::string_view id, double share) {
  if (share >= 1) return true;
  const std::string digest = Sha256(id);
  uint64_t number = 0;
  for (size_t i = 0; i < sizeof number; ++i) {
    number = number << 8 | static_cast<unsigned char>(digest[i]);
  }
  constexpr double kRange = 18446744073709551616.0;  // 2^64
  return static_cast<double>(number) < share * kRange;
}

}  // namespace tournant
