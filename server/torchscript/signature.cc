#include "torchscript/signature.h"

#include <algorithm>
#include <optional>
#include <set>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "torchscript/config_example.h"
#include "torchscript/spec_source.h"

namespace tournant {
namespace {

// 2 for "INPUT__2".
std::optional<size_t> IndexIn(absl::string_view name) {
  const size_t mark = name.rfind("__");
  uint32_t index = 0;
  if (mark == absl::string_view::npos || mark == 0 ||
      !absl::SimpleAtoi(name.substr(mark + 2), &index)) {
    return std::nullopt;
  }
  return index;
}

// The place of each of `specs` among `candidates`, or nothing when they are not all there.
std::optional<std::vector<size_t>> ByName(const std::vector<TensorSpec>& specs,
                                          const std::vector<std::string>& candidates) {
  std::vector<size_t> places;
  for (const TensorSpec& spec : specs) {
    const auto found = std::find(candidates.begin(), candidates.end(), spec.name);
    if (spec.name.empty() || found == candidates.end()) return std::nullopt;
    places.push_back(static_cast<size_t>(found - candidates.begin()));
  }
  return places;
}

std::optional<std::vector<size_t>> ByIndex(const std::vector<TensorSpec>& specs, size_t count) {
  std::vector<size_t> places;
  std::set<size_t> taken;
  for (const TensorSpec& spec : specs) {
    const std::optional<size_t> index = IndexIn(spec.name);
    if (!index || *index >= count || !taken.insert(*index).second) return std::nullopt;
    places.push_back(*index);
  }
  return places;
}

// A spec that is called like one of `candidates`; null when there is none.
const TensorSpec* AnyNamed(const std::vector<TensorSpec>& specs,
                           const std::vector<std::string>& candidates, bool named) {
  for (const TensorSpec& spec : specs) {
    const bool found =
        std::find(candidates.begin(), candidates.end(), spec.name) != candidates.end();
    if (!spec.name.empty() && found == named) return &spec;
  }
  return nullptr;
}

std::vector<size_t> Positions(size_t count) {
  std::vector<size_t> places(count);
  for (size_t i = 0; i < count; ++i) places[i] = i;
  return places;
}

// One input for each argument that has to have one.
absl::Status AddInputs(const std::vector<ForwardArgument>& arguments, ModelConfig& config) {
  using Kind = ForwardArgument::Kind;
  for (const ForwardArgument& argument : arguments) {
    if (argument.optional) continue;
    if (argument.kind == Kind::kTensorDict) {
      return absl::InvalidArgumentError(
          absl::StrCat("config.pbtxt lists no input, and ", ForwardText(arguments),
                       " does not tell its keys; add inputs to config.pbtxt, such as ",
                       ConfigExample(arguments, config)));
    }
    if (argument.kind == Kind::kOther) {
      return absl::InvalidArgumentError(absl::StrCat("argument ", argument.name, " of ",
                                                     ForwardText(arguments), " is ", argument.type,
                                                     ", which no input can be; give it a default"));
    }
    config.inputs.emplace_back().name = argument.name;
  }
  if (!config.inputs.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("config.pbtxt lists no input, and ", ForwardText(arguments),
                   " needs none; a model that is served takes one at least"));
}

absl::Status CheckBound(const ForwardArgument& argument, TensorSpec& input) {
  using Kind = ForwardArgument::Kind;
  if (input.type == DataType::kInvalid && argument.kind == Kind::kStrings) {
    input.type = DataType::kBytes;
  }
  const Kind wanted = input.type == DataType::kBytes ? Kind::kStrings : Kind::kTensor;
  if (argument.kind != wanted && input.type == DataType::kInvalid) {
    return absl::InvalidArgumentError(
        absl::StrCat("input '", Quote(input.name), "' is to be argument ", argument.name,
                     " of forward, which is ", argument.type, " and takes no tensor"));
  }
  if (argument.kind != wanted) {
    return absl::InvalidArgumentError(
        absl::StrCat("input '", Quote(input.name), "' is ", DataTypeName(input.type),
                     ", but argument ", argument.name, " of forward is ", argument.type));
  }
  if (input.optional && !argument.optional) {
    return absl::InvalidArgumentError(
        absl::StrCat("input '", Quote(input.name), "' is optional, but argument ", argument.name,
                     " of forward is neither Optional nor has a default"));
  }
  return absl::OkStatus();
}

absl::StatusOr<InputBinding> BindDict(const ModelConfig& config) {
  for (const TensorSpec& input : config.inputs) {
    if (input.name.empty()) {
      return absl::InvalidArgumentError(
          "forward takes a Dict[str, Tensor], so every input needs a name, which is its key");
    }
    if (input.type == DataType::kBytes) {
      return absl::InvalidArgumentError(absl::StrCat(
          "input '", Quote(input.name), "' is BYTES, but forward takes a Dict[str, Tensor]"));
    }
  }
  return InputBinding{.argument = {}, .dict = true};
}

}  // namespace

std::string ForwardText(const std::vector<ForwardArgument>& arguments) {
  return absl::StrCat("forward(",
                      absl::StrJoin(arguments, ", ",
                                    [](std::string* out, const ForwardArgument& argument) {
                                      absl::StrAppend(out, argument.name, ": ", argument.type);
                                    }),
                      ")");
}

absl::StatusOr<InputBinding> BindInputs(const std::vector<ForwardArgument>& arguments,
                                        ModelConfig& config) {
  const std::string forward = ForwardText(arguments);
  if (config.inputs.empty()) {
    if (absl::Status added = AddInputs(arguments, config); !added.ok()) return added;
  }
  if (arguments.size() == 1 && arguments[0].kind == ForwardArgument::Kind::kTensorDict) {
    return BindDict(config);
  }

  std::vector<std::string> names;
  names.reserve(arguments.size());
  for (const ForwardArgument& argument : arguments) names.push_back(argument.name);
  InputBinding binding;
  if (const auto by_name = ByName(config.inputs, names)) {
    binding.argument = *by_name;
  } else if (const TensorSpec* named = AnyNamed(config.inputs, names, true)) {
    const TensorSpec* unknown = AnyNamed(config.inputs, names, false);
    return absl::InvalidArgumentError(
        absl::StrCat("input '", Quote(named->name), "' is an argument of ", forward, ", but ",
                     unknown == nullptr ? "another input has no name"
                                        : absl::StrCat("input '", Quote(unknown->name), "' is not"),
                     "; name all inputs like arguments, or none"));
  } else if (const auto by_index = ByIndex(config.inputs, arguments.size())) {
    binding.argument = *by_index;
  } else if (config.inputs.size() > arguments.size()) {
    return absl::InvalidArgumentError(absl::StrCat(ListedBy(config.inputs), " lists ",
                                                   config.inputs.size(),
                                                   " inputs, but the model is ", forward));
  } else {
    binding.argument = Positions(config.inputs.size());
  }

  std::vector<bool> bound(arguments.size(), false);
  for (size_t i = 0; i < config.inputs.size(); ++i) {
    TensorSpec& input = config.inputs[i];
    const ForwardArgument& argument = arguments[binding.argument[i]];
    if (input.name.empty()) input.name = argument.name;
    if (absl::Status fits = CheckBound(argument, input); !fits.ok()) return fits;
    bound[binding.argument[i]] = true;
  }
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (bound[i] || arguments[i].optional) continue;
    return absl::InvalidArgumentError(absl::StrCat("no input of ", ListedBy(config.inputs),
                                                   " goes to argument ", arguments[i].name, " of ",
                                                   forward));
  }
  return binding;
}

absl::StatusOr<std::vector<size_t>> MatchOutputs(const std::vector<std::string>& returned,
                                                 ModelConfig& config) {
  if (config.outputs.empty()) {
    for (size_t i = 0; i < returned.size(); ++i) {
      TensorSpec output;
      output.name = returned[i].empty() ? absl::StrCat("OUTPUT__", i) : returned[i];
      config.outputs.push_back(std::move(output));
    }
    return Positions(returned.size());
  }
  if (const auto by_name = ByName(config.outputs, returned)) return *by_name;
  const std::string what = absl::StrCat(
      "forward returns ", returned.size(), " tensor", returned.size() == 1 ? "" : "s",
      AnyNamed(config.outputs, {""}, false) == nullptr || returned.empty() || returned[0].empty()
          ? ""
          : absl::StrCat(" (", absl::StrJoin(returned, ", "), ")"));
  if (AnyNamed(config.outputs, returned, true) != nullptr) {
    const TensorSpec* unknown = AnyNamed(config.outputs, returned, false);
    return absl::InvalidArgumentError(absl::StrCat(
        "output '", Quote(unknown == nullptr ? "" : unknown->name), "' is none of these: ", what));
  }
  if (const auto by_index = ByIndex(config.outputs, returned.size())) return *by_index;
  if (config.outputs.size() != returned.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat(ListedBy(config.outputs), " lists ", config.outputs.size(), " outputs, but ",
                     what, "; name some of them as OUTPUT__<index> to leave others out"));
  }
  for (size_t i = 0; i < returned.size(); ++i) {
    if (!config.outputs[i].name.empty()) continue;
    config.outputs[i].name = returned[i].empty() ? absl::StrCat("OUTPUT__", i) : returned[i];
  }
  return Positions(returned.size());
}

}  // namespace tournant
