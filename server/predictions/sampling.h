#pragma once

#include "absl/strings/string_view.h"

namespace tournant {

// Whether a call with this id is among the `share` (0 to 1) that is kept. Anybody can tell ahead:
// the first eight bytes of the id's SHA-256, as a big-endian number, are below share * 2^64. So who
// keeps a tenth keeps calls that who keeps a fifth keeps, too.
bool InSample(absl::string_view id, double share);

}  // namespace tournant
