#pragma once

#include <string>
#include <vector>

#include "models/tensor.h"

namespace tournant {

// A source as errors name it: "config.pbtxt", for example.
absl::string_view SourceText(SpecSource source);

// Who lists these tensors.
absl::string_view ListedBy(const std::vector<TensorSpec>& specs);

// All that tell the dims of these tensors, each once: "config.pbtxt and the trials at load".
std::string DimsToldBy(const std::vector<TensorSpec>& specs);

}  // namespace tournant
