#include "predictions/sampling.h"

#include <cstdint>
#include <string>

#include "base/rng.h"
#include "predictions/sha256.h"

namespace tournant {

bool InSample(absl::string_view id, double share) {
  if (share >= 1) return true;
  const std::string digest = Sha256(id);
  uint64_t number = 0;
  for (size_t i = 0; i < sizeof number; ++i) {
    number = number << 8 | static_cast<unsigned char>(digest[i]);
  }
  return Fraction(number) < share;
}

}  // namespace tournant
