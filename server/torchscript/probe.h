#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "models/model_config.h"
#include "torchscript/values.h"

namespace tournant {

// Runs a model on given inputs, in the order of the config.
using ForwardFunction =
    std::function<absl::StatusOr<std::vector<ForwardOutput>>(std::span<const TensorView>)>;

// What forward returned for zeros, once for one row and once for more. Nothing when it failed on
// every size tried in place of the config's -1, which says nothing about real inputs.
struct Probed {
  std::optional<int64_t> size;  // What stood for -1 when one row ran.
  absl::Status failure;         // Of the last size that did not run.
  std::vector<ForwardOutput> small;
  std::vector<ForwardOutput> large;
  int64_t small_rows = 1;
  int64_t large_rows = 1;
};

// Learns by two calls on zeros what the schema does not tell. INVALID_ARGUMENT when the model fails
// on inputs of the very shapes that the config gives.
absl::StatusOr<Probed> ProbeOnZeros(const ModelConfig& config, const ForwardFunction& forward);

// Fills in types and dims that the config leaves out for its outputs, and refuses those that the
// model contradicts. `places` has, for each output of the config, its place in the probed ones.
absl::Status CheckOutputs(const Probed& probed, const std::vector<size_t>& places,
                          ModelConfig& config);

}  // namespace tournant
