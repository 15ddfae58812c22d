#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace tournant {

// INVALID_ARGUMENT for what is not HOST:PORT, and for an IPv6 address where civetweb was built
// without IPv6, as Debian builds it. Whether the port can be had shows when it is listened on.
absl::Status CheckHttpAddress(absl::string_view address);

}  // namespace tournant
