#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "models/data_type.h"

namespace torch::jit {
struct Graph;
struct Module;
}  // namespace torch::jit

namespace tournant {

// What the tensors that a module holds tell of it.
struct ModuleTensors {
  // Of parameters, buffers, other attributes and constants; storage that several share counts once.
  // Packed weights count as what they would be saved as.
  size_t bytes = 0;
  // Of the first floating-point tensor; FP32 without any.
  DataType float_type = DataType::kFp32;
  // Sizes of dimensions, each once, the likelier ones to be that of an input first: the width that
  // a matrix or kernel multiplies, then others, then differences of these. No more than a few.
  std::vector<int64_t> sizes;
};
ModuleTensors ReadModuleTensors(const torch::jit::Module& module, torch::jit::Graph& graph);

}  // namespace tournant
