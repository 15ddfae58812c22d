#pragma once

#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "models/tensor.h"

namespace c10 {
struct IValue;
}

namespace tournant {

// Between the protocol's raw tensors and TorchScript's values. Plain C++ to its includers.

// One tensor out of what forward returned. `name` is a dict's key or a NamedTuple's field, else
// empty. The bytes live as long as their owner.
struct ForwardOutput {
  std::string name;
  TensorView view;
};

// A tensor over the bytes of `input`, which have to outlive it; or over a copy of them when `copy`
// is set or they are not aligned for their type. BYTES become a List[str].
absl::Status ToTorch(const TensorView& input, bool copy, c10::IValue& value);

// Flattens a tensor, tuple, NamedTuple, list or dict (its keys sorted) of tensors, numbers or
// List[str]. What still lies in the bytes of one of `inputs` is copied, since those bytes are only
// lent.
absl::Status FromTorch(const c10::IValue& value, std::span<const TensorView> inputs,
                       std::vector<ForwardOutput>& outputs);

}  // namespace tournant
