#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "inference/grpc_service.pb.h"
#include "pipeline/prediction.h"

namespace tournant {

// What the protocol's extensions ask for in parameters. Names and texts are Triton's; errors carry
// the field's path. Parameters of tensors that nobody knows are left alone, as in Triton, and so
// are custom ones of the request: a TorchScript model cannot see them.

// The request's own: `priority` and `timeout` into `request`; `triton_enable_empty_final_response`
// is accepted, since every answer is final. INVALID_ARGUMENT for sequences of stateful models,
// other names that begin with `triton_`, and a custom one of a type that Triton does not take.
absl::Status ReadParameters(const inference::ModelInferRequest& message, InferRequest& request);

// UNIMPLEMENTED for tensors in shared memory: their contents are not in the message.
absl::Status RefuseSharedMemory(const inference::ModelInferRequest& message);

// The `classification` parameter of the output at `index`; 0 when it has none.
absl::StatusOr<int64_t> ReadClasses(
    const inference::ModelInferRequest::InferRequestedOutputTensor& output, int index);

}  // namespace tournant
