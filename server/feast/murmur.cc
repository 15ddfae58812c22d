#include "feast/murmur.h"

#include <bit>
#include <cstddef>

namespace tournant {
namespace {

uint32_t Scramble(uint32_t block) { return std::rotl(block * 0xcc9e2d51u, 15) * 0x1b873593u; }

uint32_t Byte(absl::string_view bytes, size_t at) { return static_cast<unsigned char>(bytes[at]); }

}  // namespace

uint32_t Murmur3X86_32(absl::string_view bytes, uint32_t seed) {
  uint32_t hash = seed;
  size_t at = 0;
  for (; at + 4 <= bytes.size(); at += 4) {
    const uint32_t block = Byte(bytes, at) | Byte(bytes, at + 1) << 8 | Byte(bytes, at + 2) << 16 |
                           Byte(bytes, at + 3) << 24;
    hash = std::rotl(hash ^ Scramble(block), 13) * 5 + 0xe6546b64u;
  }
  uint32_t tail = 0;
  for (size_t i = bytes.size(); i > at; --i) tail = tail << 8 | Byte(bytes, i - 1);
  hash ^= Scramble(tail);  // Scramble(0) is 0.

  hash ^= static_cast<uint32_t>(bytes.size());
  hash = (hash ^ hash >> 16) * 0x85ebca6bu;
  hash = (hash ^ hash >> 13) * 0xc2b2ae35u;
  return hash ^ hash >> 16;
}

}  // namespace tournant
