#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "models/tensor.h"
#include "pipeline/prediction.h"

namespace tournant {

// What callers may send to a model version.
struct RequestSignature {
  const std::vector<TensorSpec>& inputs;     // Required unless marked optional.
  const std::vector<TensorSpec>& overrides;  // Always optional; any of FP64, FP32, INT64, BYTES.
  const std::vector<TensorSpec>& outputs;
  int64_t max_batch_size;
};

// Checks names, dtypes, shapes, sizes and contents, cheap things first and before anything is
// queued or copied, and returns the number of rows (1 for models without a batch dimension).
// INVALID_ARGUMENT with Triton's message stems and the field's path ("inputs[2].shape").
absl::StatusOr<int64_t> ValidateRequest(const RequestSignature& signature,
                                        const InferRequest& request);

}  // namespace tournant
