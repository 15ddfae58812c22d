#pragma once

#include <cstdint>

#include "absl/strings/string_view.h"

namespace tournant {

// CRC-32C (Castagnoli), as in iSCSI and RFC 3720: "123456789" gives 0xE3069283. `before` is the CRC
// of the bytes that come before these.
uint32_t Crc32c(absl::string_view bytes, uint32_t before = 0);

}  // namespace tournant
