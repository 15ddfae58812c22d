#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pipeline/prediction.h"

namespace tournant {

// A parameter's value, free of the wire. monostate: none was given.
using ParameterValue = std::variant<std::monostate, bool, int64_t, uint64_t, double, std::string>;

// What the protocol's extensions ask for in parameters. Names and texts are Triton's; errors carry
// the field's path. Parameters of tensors that nobody knows are left alone, as in Triton, and so
// are custom ones of the request: a TorchScript model cannot see them.

// One of the request's own: `priority` and `timeout` into `request`;
// `triton_enable_empty_final_response` is accepted, since every answer is final. INVALID_ARGUMENT
// for sequences of stateful models, other names that begin with `triton_`, and a custom one of a
// type that Triton does not take.
absl::Status ReadParameter(const std::string& name, const ParameterValue& value,
                           InferRequest& request);

// UNIMPLEMENTED when `value` of a tensor's `shared_memory_region` names one: the contents of such a
// tensor are not in the request. `tensor` is its path, such as "inputs[1]".
absl::Status RefuseSharedMemory(absl::string_view tensor, const ParameterValue& value);

// An output's `classification` parameter. `output` is its path, such as "outputs[0]".
absl::StatusOr<int64_t> ReadClasses(absl::string_view output, const ParameterValue& value);

// What a caller's `tournant-criticality` says, into `request`. `where` it stood, such as
// "metadata".
absl::Status ReadCriticality(absl::string_view where, absl::string_view name,
                             InferRequest& request);

}  // namespace tournant
