#include "predictions/crc32c.h"

#include <isa-l/crc.h>

#include <algorithm>
#include <limits>

namespace tournant {

uint32_t Crc32c(absl::string_view bytes, uint32_t before) {
  // ISA-L works on the register itself, which starts with all ones and is inverted at the end; its
  // length is an int, and it does not write to the buffer that it takes without const.
  constexpr size_t kMost = std::numeric_limits<int>::max();
  uint32_t crc = ~before;
  while (!bytes.empty()) {
    const size_t length = std::min(bytes.size(), kMost);
    auto* data = reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()));
    crc = crc32_iscsi(data, static_cast<int>(length), crc);
    bytes.remove_prefix(length);
  }
  return ~crc;
}

}  // namespace tournant
