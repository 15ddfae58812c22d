#include "torchscript/reshape.h"

#include <algorithm>

namespace tournant {

Shape Reshaped(const std::vector<int64_t>& from, const std::vector<int64_t>& to, bool batched,
               std::span<const int64_t> shape) {
  const size_t skip = batched ? 1 : 0;
  if (shape.size() < skip || !FitsDims(shape.subspan(skip), from)) {
    return Shape(shape.begin(), shape.end());
  }
  Shape reshaped(shape.begin(), shape.begin() + static_cast<std::ptrdiff_t>(skip));
  size_t open = 0;  // The next place in `from` to look for an open size.
  for (const int64_t dim : to) {
    if (dim != -1) {
      reshaped.push_back(dim);
      continue;
    }
    while (open < from.size() && from[open] != -1) ++open;
    if (open == from.size()) return Shape(shape.begin(), shape.end());
    reshaped.push_back(shape[skip + open++]);
  }
  return reshaped;
}

bool AnyReshape(const std::vector<TensorSpec>& specs) {
  return std::any_of(specs.begin(), specs.end(),
                     [](const TensorSpec& spec) { return spec.model_dims.has_value(); });
}

std::vector<TensorView> ReshapedInputs(const std::vector<TensorSpec>& specs, bool batched,
                                       std::span<const TensorView> inputs) {
  std::vector<TensorView> reshaped(inputs.begin(), inputs.end());
  for (size_t i = 0; i < reshaped.size() && i < specs.size(); ++i) {
    const TensorSpec& spec = specs[i];
    TensorView& view = reshaped[i];
    if (!spec.model_dims || view.type == DataType::kInvalid) continue;
    view.shape =
        Reshaped(spec.dims, *spec.model_dims, batched, {view.shape.data(), view.shape.size()});
  }
  return reshaped;
}

}  // namespace tournant
