#include "models/config_tensors.h"

#include <optional>
#include <set>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "inference/model_config.pb.h"
#include "models/model_file.h"

namespace tournant {
namespace {

// The numbers of elements between the sizes that are open: {8,6} for [2,4,-1,6]. Nothing when one
// overflows.
std::optional<std::vector<int64_t>> Pieces(const std::vector<int64_t>& dims) {
  std::vector<int64_t> pieces;
  size_t start = 0;
  for (size_t i = 0; i <= dims.size(); ++i) {
    if (i < dims.size() && dims[i] != -1) continue;
    const auto piece = ElementCount(std::span(dims).subspan(start, i - start));
    if (!piece) return std::nullopt;
    pieces.push_back(*piece);
    start = i + 1;
  }
  return pieces;
}

// Reads the sizes in `field`. Empty when one is refused.
std::vector<int64_t> ReadSizes(const google::protobuf::RepeatedField<int64_t>& sizes,
                               const ConfigNode& node, absl::string_view field) {
  for (int i = 0; i < sizes.size(); ++i) {
    if (sizes.Get(i) > 0 || sizes.Get(i) == -1) continue;
    node.Refuse(field, absl::StrCat("is ", sizes.Get(i), "; a size is above 0, or -1 for any"), i);
    return {};
  }
  std::vector<int64_t> read(sizes.begin(), sizes.end());
  if (Pieces(read)) return read;
  node.Refuse(field, "has more elements than fit 64 bits", 0);
  return {};
}

// As in Triton: between open sizes, which stay in their order, there are as many elements.
void ReadReshape(const ConfigNode& node, TensorSpec& spec) {
  const ConfigNode reshape = node.Child("reshape");
  const auto& proto = reshape.As<inference::ModelTensorReshape>();
  std::vector<int64_t> shape = ReadSizes(proto.shape(), reshape, "shape");
  if (shape.empty() && proto.shape_size() > 0) return;
  if (spec.dims.empty()) {
    node.Refuse("reshape", "needs dims, the shape that callers see");
  } else if (Pieces(shape) != Pieces(spec.dims)) {
    node.Refuse("reshape", absl::StrCat("to ", ShapeText(shape), " does not hold the elements of ",
                                        ShapeText(spec.dims)));
  }
  spec.model_dims = std::move(shape);
}

// `Tensor` is inference.ModelInput or ModelOutput.
template <class Tensor>
TensorSpec ReadTensor(const ConfigNode& node, std::set<std::string>& names) {
  const Tensor& tensor = node.As<Tensor>();
  TensorSpec spec;
  spec.name = tensor.name();
  spec.type = ConfigDataType(tensor.data_type());
  spec.dims = ReadSizes(tensor.dims(), node, "dims");
  if (tensor.has_reshape() && spec.dims.size() == static_cast<size_t>(tensor.dims_size())) {
    ReadReshape(node, spec);
  }
  if (!spec.name.empty() && !names.insert(spec.name).second) {
    node.Refuse("name", absl::StrCat("'", Quote(spec.name), "' is listed twice"));
  }
  return spec;
}

void ReadInput(const ConfigNode& root, int index, std::set<std::string>& names,
               ModelConfig& config) {
  const ConfigNode node = root.Child("input", index);
  const auto& input = node.As<inference::ModelInput>();
  TensorSpec spec = ReadTensor<inference::ModelInput>(node, names);
  spec.optional = input.optional();
  if (input.format() != inference::ModelInput::FORMAT_NONE && input.dims_size() != 3) {
    node.Refuse("format", absl::StrCat(inference::ModelInput::Format_Name(input.format()),
                                       " is an image's, with three dims"));
  }
  config.inputs.push_back(std::move(spec));
}

void ReadOutput(const ConfigNode& root, int index, std::set<std::string>& names,
                ModelConfig& config) {
  const ConfigNode node = root.Child("output", index);
  TensorSpec spec = ReadTensor<inference::ModelOutput>(node, names);
  spec.label_filename = node.As<inference::ModelOutput>().label_filename();
  if (!spec.label_filename.empty() && !IsPlainFileName(spec.label_filename)) {
    node.Refuse("label_filename", "is not the name of a file beside config.pbtxt");
  }
  config.outputs.push_back(std::move(spec));
}

}  // namespace

DataType ConfigDataType(int number) {
  return inference::DataType_IsValid(number) ? static_cast<DataType>(number) : DataType::kInvalid;
}

void ReadTensors(const ConfigNode& root, ModelConfig& config) {
  std::set<std::string> names;
  for (int i = 0; i < root.Size("input"); ++i) ReadInput(root, i, names, config);
  names.clear();
  for (int i = 0; i < root.Size("output"); ++i) ReadOutput(root, i, names, config);
}

}  // namespace tournant
