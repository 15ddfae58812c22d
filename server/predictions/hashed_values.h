#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "tournant/prediction.pb.h"

namespace tournant {

// What stands for a value that must not be read: the first 16 bytes of HMAC-SHA-256 over it, as
// hexadecimal digits. Equal values give equal texts under one key, so that they can be joined.
std::string HashedValue(absl::string_view key, absl::string_view value);

// The same for each element of a tensor, which becomes one of BYTES: of a text its bytes are
// hashed, of a number its bytes in the tensor, little endian. A tensor whose elements cannot be
// told apart loses its bytes.
void HashValues(absl::string_view key, LoggedTensor& tensor);

}  // namespace tournant
