#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cpp/json_codec.h"
#include "cpp/model_signature.h"
#include "inference/grpc_service.pb.h"

namespace tournant::client {

// A tensor as a person wrote it, before its shape is known.
struct WrittenTensor {
  std::string raw;
  int64_t elements = 0;
  std::vector<int64_t> nesting;  // Of JSON arrays; empty for flat values.
};

absl::StatusOr<WrittenTensor> TensorFromJson(Datatype type, const Json& value);
// One element, numbers with commas between them, or a JSON array.
absl::StatusOr<WrittenTensor> TensorFromText(Datatype type, absl::string_view text);

// The input or override called `name`; INVALID_ARGUMENT lists the model's inputs.
absl::StatusOr<const TensorSignature*> FindTensor(const ModelSignature& signature,
                                                  absl::string_view name);

// Adds `written` to the request as `tensor`, in the shape that the model expects for as many
// elements; INVALID_ARGUMENT names the tensor, also when `written` is an error.
absl::Status AddWritten(const ModelSignature& signature, const TensorSignature& tensor,
                        absl::StatusOr<WrittenTensor> written,
                        inference::ModelInferRequest& request);
// The same with a shape of the writer's own.
absl::Status AddShaped(absl::string_view name, Datatype type, const std::vector<int64_t>& shape,
                       absl::StatusOr<WrittenTensor> written,
                       inference::ModelInferRequest& request);

// "input 'NAME': why".
absl::Status WrongInput(absl::string_view name, absl::string_view why);

}  // namespace tournant::client
