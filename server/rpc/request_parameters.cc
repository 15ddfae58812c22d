#include "rpc/request_parameters.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "pipeline/request_parameters.h"

namespace tournant {
namespace {

using inference::InferParameter;
using inference::ModelInferRequest;

ParameterValue ValueOf(const InferParameter& parameter) {
  switch (parameter.parameter_choice_case()) {
    case InferParameter::kBoolParam:
      return parameter.bool_param();
    case InferParameter::kInt64Param:
      return int64_t{parameter.int64_param()};
    case InferParameter::kUint64Param:
      return uint64_t{parameter.uint64_param()};
    case InferParameter::kDoubleParam:
      return parameter.double_param();
    case InferParameter::kStringParam:
      return parameter.string_param();
    case InferParameter::PARAMETER_CHOICE_NOT_SET:
      break;
  }
  return {};
}

template <class Tensors>
absl::Status RefuseSharedMemoryIn(const Tensors& tensors, absl::string_view list) {
  for (int i = 0; i < tensors.size(); ++i) {
    const auto& parameters = tensors[i].parameters();
    if (parameters.empty()) continue;
    const auto found = parameters.find("shared_memory_region");
    if (found == parameters.end()) continue;
    absl::Status status =
        RefuseSharedMemory(absl::StrCat(list, "[", i, "]"), ValueOf(found->second));
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ReadParameters(const ModelInferRequest& message, InferRequest& request) {
  for (const auto& [name, parameter] : message.parameters()) {
    absl::Status status = ReadParameter(name, ValueOf(parameter), request);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status RefuseSharedMemory(const ModelInferRequest& message) {
  absl::Status status = RefuseSharedMemoryIn(message.inputs(), "inputs");
  if (status.ok()) status = RefuseSharedMemoryIn(message.outputs(), "outputs");
  return status;
}

absl::StatusOr<int64_t> ReadClasses(const ModelInferRequest::InferRequestedOutputTensor& output,
                                    int index) {
  if (output.parameters().empty()) return 0;
  const auto found = output.parameters().find("classification");
  if (found == output.parameters().end()) return 0;
  return ReadClasses(absl::StrCat("outputs[", index, "]"), ValueOf(found->second));
}

}  // namespace tournant
