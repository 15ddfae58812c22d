#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cpp/model_signature.h"
#include "cpp/tool.h"
#include "inference/grpc_service.pb.h"

namespace tournant::client {

// What a person wrote of a request: "name=value..." after the model's name, or --json; or neither.
struct RequestText {
  std::vector<std::string> values;
  std::optional<std::string> json;

  bool empty() const { return values.empty() && !json.has_value(); }
};

// INVALID_ARGUMENT when both are given or the file cannot be read.
absl::StatusOr<RequestText> ReadRequestText(const ToolContext& context);

// The request that is not empty; INVALID_ARGUMENT as infer_arguments.h says.
absl::StatusOr<inference::ModelInferRequest> MakeRequest(const ModelSignature& signature,
                                                         const RequestText& text);

// --model_version
std::string ModelVersionFlag();

}  // namespace tournant::client
