#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace tournant {

// 32 bytes each. HMAC as in RFC 2104.
std::string Sha256(absl::string_view data);
std::string HmacSha256(absl::string_view key, absl::string_view data);

}  // namespace tournant
