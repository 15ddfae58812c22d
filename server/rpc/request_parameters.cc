#include "rpc/request_parameters.h"

#include <algorithm>
#include <limits>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace tournant {
namespace {

using inference::InferParameter;
using inference::ModelInferRequest;

// A day is longer than any deadline that is honoured, and far from where nanoseconds overflow.
constexpr int64_t kMaxTimeoutUs = int64_t{24} * 3600 * 1'000'000;

bool AsksForSomething(const InferParameter& parameter) {
  switch (parameter.parameter_choice_case()) {
    case InferParameter::kBoolParam:
      return parameter.bool_param();
    case InferParameter::kInt64Param:
      return parameter.int64_param() != 0;
    case InferParameter::kUint64Param:
      return parameter.uint64_param() != 0;
    case InferParameter::kDoubleParam:
      return parameter.double_param() != 0;
    case InferParameter::kStringParam:
      return !parameter.string_param().empty();
    case InferParameter::PARAMETER_CHOICE_NOT_SET:
      return false;
  }
  return false;
}

absl::Status InvalidParameter(absl::string_view name, absl::string_view message) {
  return InvalidEntry("parameters", name, message);
}

// Clients send integers as either type, whatever the documents say.
absl::StatusOr<int64_t> ReadCount(absl::string_view name, const InferParameter& parameter) {
  switch (parameter.parameter_choice_case()) {
    case InferParameter::kInt64Param:
      if (parameter.int64_param() >= 0) return parameter.int64_param();
      return InvalidParameter(name,
                              absl::StrCat("invalid value for '", name, "', expected value >= 0."));
    case InferParameter::kUint64Param:
      if (parameter.uint64_param() <= std::numeric_limits<int64_t>::max()) {
        return static_cast<int64_t>(parameter.uint64_param());
      }
      return InvalidParameter(name, absl::StrCat("invalid value for '", name,
                                                 "', expected value <= 9223372036854775807."));
    default:
      return InvalidParameter(name, absl::StrCat("invalid value type for '", name,
                                                 "' parameter, expected int64_param or "
                                                 "uint64_param."));
  }
}

absl::Status ReadReserved(const std::string& name, const InferParameter& parameter) {
  constexpr absl::string_view kEmptyFinal = "triton_enable_empty_final_response";
  if (name != kEmptyFinal) {
    return InvalidParameter(
        name, absl::StrCat("parameter keys starting with 'triton_' are reserved for Triton usage. "
                           "Only the following keys starting with 'triton_' are allowed: ",
                           kEmptyFinal));
  }
  if (parameter.parameter_choice_case() == InferParameter::kBoolParam) return absl::OkStatus();
  return InvalidParameter(
      name, absl::StrCat("invalid value type for '", name, "' parameter, expected bool_param."));
}

absl::Status CheckCustom(const std::string& name, const InferParameter& parameter) {
  switch (parameter.parameter_choice_case()) {
    case InferParameter::kBoolParam:
    case InferParameter::kInt64Param:
    case InferParameter::kStringParam:
    case InferParameter::kDoubleParam:
      return absl::OkStatus();
    case InferParameter::kUint64Param:
    case InferParameter::PARAMETER_CHOICE_NOT_SET:
      break;
  }
  return InvalidParameter(
      name, absl::StrCat("invalid value type for '", Quote(name),
                         "' parameter, expected int64_param, bool_param, string_param, or "
                         "double_param."));
}

absl::Status ReadParameter(const std::string& name, const InferParameter& parameter,
                           InferRequest& request) {
  if (name == "priority" || name == "timeout") {
    const absl::StatusOr<int64_t> count = ReadCount(name, parameter);
    if (!count.ok()) return count.status();
    if (name == "priority") {
      request.priority = *count;
    } else {
      request.timeout_us = std::min(*count, kMaxTimeoutUs);
    }
    return absl::OkStatus();
  }
  if (absl::StartsWith(name, "triton_")) return ReadReserved(name, parameter);
  if (name == "sequence_id" || name == "sequence_start" || name == "sequence_end") {
    if (!AsksForSomething(parameter)) return absl::OkStatus();
    return InvalidParameter(name, "stateful models are not supported");
  }
  return CheckCustom(name, parameter);
}

template <class Tensors>
absl::Status RefuseSharedMemoryIn(const Tensors& tensors, absl::string_view list) {
  for (int i = 0; i < tensors.size(); ++i) {
    const auto& parameters = tensors[i].parameters();
    if (parameters.empty()) continue;
    const auto found = parameters.find("shared_memory_region");
    if (found == parameters.end() || !AsksForSomething(found->second)) continue;
    return absl::UnimplementedError(absl::StrCat("Client shared memory is disabled: ", list, "[", i,
                                                 "].parameters[shared_memory_region]"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ReadParameters(const ModelInferRequest& message, InferRequest& request) {
  for (const auto& [name, parameter] : message.parameters()) {
    absl::Status status = ReadParameter(name, parameter, request);
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
  const InferParameter& parameter = found->second;
  const std::string field = absl::StrCat("outputs[", index, "].parameters[classification]");
  if (parameter.parameter_choice_case() != InferParameter::kInt64Param) {
    return InvalidField(field,
                        "invalid value type for 'classification' parameter, expected int64_param");
  }
  if (parameter.int64_param() <= 0) {
    return InvalidField(field, "invalid value for 'classification' parameter, expected >= 1");
  }
  return parameter.int64_param();
}

}  // namespace tournant
