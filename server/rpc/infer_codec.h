#pragma once

#include <vector>

#include "absl/status/status.h"
#include "inference/grpc_service.pb.h"
#include "models/tensor.h"
#include "pipeline/prediction.h"

namespace tournant {

// Moves a ModelInferRequest into the plain form. Raw contents are moved, not copied; typed contents
// become raw. INVALID_ARGUMENT with the field's path for what is wrong with the message itself: an
// unknown datatype, contents given twice or not at all, surplus raw contents, a value that does not
// fit its type; and what request_parameters.h refuses. Whether it suits the model is for pipeline/
// to say.
absl::Status DecodeRequest(inference::ModelInferRequest& message, InferRequest& request);

// Fills the answer; outputs are moved out of `prediction` and always raw. Whatever an earlier call
// left in `message` is replaced; what is the same, as most of it is, stays where it is.
void EncodeAnswer(Prediction& prediction, inference::ModelInferResponse& message);

// Moves the outputs back out of an answer that has been sent, for the record.
std::vector<NamedTensor> TakeOutputs(inference::ModelInferResponse& message);

}  // namespace tournant
