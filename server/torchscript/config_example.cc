#include "torchscript/config_example.h"

#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace tournant {
namespace {

std::string InputText(const TensorSpec& input) {
  const bool bytes = input.type == DataType::kBytes;
  const absl::string_view type = input.type == DataType::kInvalid ? "FP32"
                                 : bytes                          ? "STRING"
                                                                  : DataTypeName(input.type);
  std::vector<int64_t> dims = input.dims;
  if (dims.empty()) dims = {bytes ? 1 : 4};
  return absl::StrCat("input { name: \"", absl::CHexEscape(input.name), "\" data_type: TYPE_", type,
                      " dims: [ ", absl::StrJoin(dims, ", "), " ] }");
}

}  // namespace

std::string ConfigExample(const std::vector<ForwardArgument>& arguments,
                          const ModelConfig& config) {
  using Kind = ForwardArgument::Kind;
  std::vector<TensorSpec> inputs = config.inputs;
  if (inputs.empty()) {
    for (const ForwardArgument& argument : arguments) {
      if (argument.optional) continue;
      TensorSpec input;
      input.name = argument.kind == Kind::kTensorDict ? "x" : argument.name;
      if (argument.kind == Kind::kStrings) input.type = DataType::kBytes;
      inputs.push_back(std::move(input));
    }
  }
  const int64_t rows = config.max_batch_size_open ? 8 : config.max_batch_size;
  return absl::StrCat("max_batch_size: ", rows, " ",
                      absl::StrJoin(inputs, " ", [](std::string* out, const TensorSpec& input) {
                        absl::StrAppend(out, InputText(input));
                      }));
}

}  // namespace tournant
