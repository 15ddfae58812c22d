#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "models/tensor.h"

namespace tournant {

// Whether outputs of `type` can be classified: integers, FP32 and FP64, as in Triton.
bool CanClassify(DataType type);

// The classification extension: for each row the `classes` elements of the highest value as BYTES
// "value:index" or "value:index:label", highest first, of shape [rows, k]; [k] for a tensor without
// a batch dimension, whose whole content is one row. Floats have six decimals, integers none. k is
// the number of elements in a row where that is less. Equal values keep the order of their indices;
// NaN comes last. A class without a line in `labels` has no label. `scores` is of a type that can
// be classified and `classes` is at least 1.
Tensor Classify(const Tensor& scores, int64_t classes, bool batched,
                std::span<const std::string> labels);

}  // namespace tournant
