#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "models/tensor.h"

namespace tournant {

// Fills the tensors of a request in REST form from the `data` of its inputs, nested or flat, in
// the order of `inputs`, which have their types and shapes. `text` was parsed before, and has as
// many inputs. Reads past all the rest, so that a large tensor never exists as a tree of values.
// INVALID_ARGUMENT with the field's path for data that is missing, does not fit its type, or does
// not have the shape.
absl::Status ReadRestData(absl::string_view text, std::vector<NamedTensor>& inputs);

}  // namespace tournant
