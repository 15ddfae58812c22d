#include "torchscript/module_tensors.h"

#include <ATen/ATen.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/ir/ir.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace tournant {
namespace {

constexpr size_t kMostSizes = 24;
constexpr size_t kMostPairs = 8;
constexpr int64_t kMostParts = 4;

DataType FloatType(at::ScalarType type) {
  if (type == at::kHalf) return DataType::kFp16;
  if (type == at::kBFloat16) return DataType::kBf16;
  return type == at::kDouble ? DataType::kFp64 : DataType::kFp32;
}

// The values directly within a list, tuple, dict or object.
std::vector<c10::IValue> PartsOf(const c10::IValue& value) {
  if (value.isList()) return value.toListRef().vec();
  if (value.isTuple()) return value.toTupleRef().elements().vec();
  std::vector<c10::IValue> parts;
  if (value.isGenericDict()) {
    for (const auto& entry : value.toGenericDict()) {
      parts.push_back(entry.key());
      parts.push_back(entry.value());
    }
  } else if (value.isObject()) {
    const auto& slots = value.toObjectRef().slots();
    parts.assign(slots.begin(), slots.end());
  }
  return parts;
}

// What an object of LibTorch's own C++ (packed weights of a quantized layer) would be saved as;
// nothing else tells what is in it. None where it cannot be saved.
c10::IValue SavedForm(const c10::IValue& object) {
  const auto type = object.type()->cast<c10::ClassType>();
  torch::jit::Function* const save = type ? type->findMethod("__getstate__") : nullptr;
  if (save == nullptr) return {};
  try {
    torch::jit::Stack stack = {object};
    save->run(stack);
    return stack.empty() ? c10::IValue() : stack.back();
  } catch (const std::exception&) {
    return {};  // Only what is known of the module is less for it.
  }
}

bool IsOfCpp(const c10::IValue& value) {
  if (!value.isObject()) return false;
  const auto& slots = value.toObjectRef().slots();
  return std::any_of(slots.begin(), slots.end(),
                     [](const c10::IValue& slot) { return slot.isCapsule(); });
}

class Reader {
 public:
  void Add(const at::Tensor& tensor) {
    if (!tensor.defined() || !tensor.has_storage()) return;
    if (seen_.insert(tensor.storage().data()).second) found_.bytes += tensor.storage().nbytes();
    AddSizes(tensor);
  }
  // Tensors within lists, tuples, dicts and objects too.
  void Add(const c10::IValue& value) {
    std::vector<c10::IValue> left = {value};
    while (!left.empty()) {
      const c10::IValue one = std::move(left.back());
      left.pop_back();
      if (one.isTensor()) {
        Add(one.toTensor());
      } else if (one.isPtrType() && entered_.insert(one.internalToPointer()).second) {
        held_.push_back(one);
        if (IsOfCpp(one)) {
          AddSaved(SavedForm(one));
        } else {
          for (c10::IValue& part : PartsOf(one)) left.push_back(std::move(part));
        }
      }
    }
  }
  // Freezing turns parameters into constants of the graph.
  void AddConstants(at::ArrayRef<torch::jit::Block*> blocks) {
    for (torch::jit::Block* block : blocks) {
      for (torch::jit::Node* node : block->nodes()) {
        if (node->kind() == c10::prim::Constant) {
          const auto value = torch::jit::toIValue(node->output());
          if (value) Add(*value);
        }
        AddConstants(node->blocks());
      }
    }
  }

  ModuleTensors Result() && {
    found_.float_type = float_type_.value_or(DataType::kFp32);
    for (const int64_t size : inner_) AddSize(size);
    for (const int64_t size : outer_) AddSize(size);
    // What is left of a width when rows of tables, too, are joined to make it.
    const std::vector<int64_t> widths(
        found_.sizes.begin(), found_.sizes.begin() + std::min(found_.sizes.size(), kMostPairs));
    for (int64_t parts = 1; parts <= kMostParts; ++parts) {
      for (const int64_t width : widths) {
        for (const int64_t part : widths) AddSize(width - parts * part);
      }
    }
    return std::move(found_);
  }

 private:
  // Of the tensors of a saved form, which are copies.
  void AddSaved(const c10::IValue& value) {
    if (value.isTensor() && value.toTensor().defined() && value.toTensor().has_storage()) {
      found_.bytes += value.toTensor().storage().nbytes();
      AddSizes(value.toTensor());
    }
    for (const c10::IValue& part : PartsOf(value)) AddSaved(part);
  }

  void AddSizes(const at::Tensor& tensor) {
    const bool is_float = at::isFloatingType(tensor.scalar_type());
    if (is_float && !float_type_) float_type_ = FloatType(tensor.scalar_type());
    if (!(is_float || tensor.is_quantized()) || tensor.dim() == 0) return;
    if (tensor.dim() > 1) inner_.push_back(tensor.size(1));
    outer_.push_back(tensor.size(0));
  }

  void AddSize(int64_t size) {
    std::vector<int64_t>& sizes = found_.sizes;
    if (size < 1 || sizes.size() == kMostSizes) return;
    if (std::find(sizes.begin(), sizes.end(), size) == sizes.end()) sizes.push_back(size);
  }

  ModuleTensors found_;
  std::optional<DataType> float_type_;
  std::set<const void*> seen_;     // Storage that is counted.
  std::set<const void*> entered_;  // Values whose parts are added, ...
  std::vector<c10::IValue> held_;  // ... kept, so that no other takes the place of one.
  std::vector<int64_t> inner_;
  std::vector<int64_t> outer_;
};

}  // namespace

ModuleTensors ReadModuleTensors(const torch::jit::Module& module, torch::jit::Graph& graph) {
  Reader reader;
  for (const at::Tensor& parameter : module.parameters()) reader.Add(parameter);
  for (const at::Tensor& buffer : module.buffers()) reader.Add(buffer);
  reader.Add(c10::IValue(module._ivalue()));
  torch::jit::Block* top = graph.block();
  reader.AddConstants(top);
  return std::move(reader).Result();
}

}  // namespace tournant
