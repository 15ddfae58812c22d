#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "models/model_config.h"

namespace tournant {

// An argument of a model's forward, as its schema tells; `self` is left out.
struct ForwardArgument {
  enum class Kind { kTensor, kStrings, kTensorDict, kOther };
  std::string name;
  Kind kind = Kind::kTensor;
  bool optional = false;  // It has a default, or may be None.
  std::string type;       // As TorchScript writes it, for messages: "Optional[Tensor]".
};

// "forward(dense: Tensor, ids: Optional[Tensor])"
std::string ForwardText(const std::vector<ForwardArgument>& arguments);

// Where the inputs of a config go.
struct InputBinding {
  // Argument of each input. Without meaning when `dict` is set.
  std::vector<size_t> argument;
  // The only argument is a Dict[str, Tensor]: inputs go in under their names.
  bool dict = false;
};

// Matches inputs to arguments: by name; else as Triton's <name>__<index>; else by position, where
// no name is an argument's. Names that the config leaves out are filled in, and the type of
// strings; a config without inputs gets one for each argument that needs one. INVALID_ARGUMENT says
// what does not fit, or what to add.
absl::StatusOr<InputBinding> BindInputs(const std::vector<ForwardArgument>& arguments,
                                        ModelConfig& config);

// For each output of the config its place among what forward returns. `returned` has the names of
// those, empty for the members of plain tuples and lists. By name, else <name>__<index>, else by
// position. A config without outputs gets one entry for each.
absl::StatusOr<std::vector<size_t>> MatchOutputs(const std::vector<std::string>& returned,
                                                 ModelConfig& config);

}  // namespace tournant
