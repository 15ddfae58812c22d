#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace tournant {

// Whether civetweb was built with IPv6; Debian builds it without.
bool CivetwebHasIpv6();

// INVALID_ARGUMENT for what is not HOST:PORT, and for an IPv6 address where `has_ipv6` is false.
// Whether the port can be had shows when it is listened on.
absl::Status CheckHttpAddress(absl::string_view address, bool has_ipv6 = CivetwebHasIpv6());

}  // namespace tournant
