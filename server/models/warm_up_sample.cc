#include "models/warm_up_sample.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace tournant {
namespace {

absl::Status CheckInput(const WarmUpInput& input, const TensorSpec& spec) {
  const auto differs = [&](absl::string_view what, absl::string_view has,
                           absl::string_view wanted) {
    return absl::InvalidArgumentError(absl::StrCat("gives input '", Quote(spec.name), "' ", what,
                                                   " ", has, "; the model's is ", wanted));
  };
  if (input.type != spec.type) {
    return differs("data_type", DataTypeName(input.type), DataTypeName(spec.type));
  }
  if (!FitsDims(input.dims, spec.dims)) {
    return differs("dims", ShapeText(input.dims), ShapeText(spec.dims));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckWarmUpSample(const WarmUpSample& sample, const ModelConfig& config) {
  size_t known = 0;
  for (const TensorSpec& spec : config.inputs) {
    const auto given = sample.inputs.find(spec.name);
    if (given == sample.inputs.end()) {
      if (spec.optional) continue;
      return absl::InvalidArgumentError(
          absl::StrCat("lacks input '", Quote(spec.name), "', which the model needs"));
    }
    ++known;
    if (absl::Status input = CheckInput(given->second, spec); !input.ok()) return input;
  }
  if (known == sample.inputs.size()) return absl::OkStatus();
  for (const auto& [name, input] : sample.inputs) {
    const auto found = std::find_if(config.inputs.begin(), config.inputs.end(),
                                    [&](const TensorSpec& spec) { return spec.name == name; });
    if (found == config.inputs.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("has input '", Quote(name), "', which the model has not"));
    }
  }
  return absl::OkStatus();
}

}  // namespace tournant
