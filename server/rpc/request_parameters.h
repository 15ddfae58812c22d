#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "inference/grpc_service.pb.h"
#include "pipeline/prediction.h"

namespace tournant {

// The parameters of a message, by the rules of pipeline/request_parameters.h.

// The request's own.
absl::Status ReadParameters(const inference::ModelInferRequest& message, InferRequest& request);

// UNIMPLEMENTED for tensors in shared memory: their contents are not in the message.
absl::Status RefuseSharedMemory(const inference::ModelInferRequest& message);

// The `classification` parameter of the output at `index`; 0 when it has none.
absl::StatusOr<int64_t> ReadClasses(
    const inference::ModelInferRequest::InferRequestedOutputTensor& output, int index);

}  // namespace tournant
