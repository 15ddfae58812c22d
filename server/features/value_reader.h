#pragma once

#include <cstddef>

#include "features/fetched_features.h"

namespace feast::types {
class Value;
}

namespace tournant {

// Puts the value into its cell: scalars and lists of numbers, booleans, times and texts; whatever
// else Feast can hold (maps, sets, structs) makes the cell unusable. False, with nothing done, when
// there is no value: unset, the explicit null, or the timestamp that means "no time".
bool ReadValue(const feast::types::Value& value, size_t feature, size_t row,
               FetchedFeatures& fetched);

}  // namespace tournant
