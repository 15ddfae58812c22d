#pragma once

#include <span>
#include <vector>

#include "models/tensor.h"

namespace tournant {

// `reshape` of a config, at the border between what callers see and what the model sees.

// `shape`, which fits `from`, in the form of `to`: a batch dimension stays, and the sizes that are
// open in `from` fill those that are open in `to`, in their order. A shape that does not fit comes
// back as it is. The config's parser has checked that the elements are as many.
Shape Reshaped(const std::vector<int64_t>& from, const std::vector<int64_t>& to, bool batched,
               std::span<const int64_t> shape);

bool AnyReshape(const std::vector<TensorSpec>& specs);

// The views of a caller's inputs, in the order of `specs`, as the model takes them. Strings have no
// shape in a model.
std::vector<TensorView> ReshapedInputs(const std::vector<TensorSpec>& specs, bool batched,
                                       std::span<const TensorView> inputs);

}  // namespace tournant
