#include "torchscript/values.h"

#include <ATen/ATen.h>
#include <ATen/core/function_schema.h>
#include <ATen/core/ivalue.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"

namespace tournant {
namespace {

constexpr int kMaxDepth = 8;

at::ScalarType ToScalarType(DataType type) {
  switch (type) {
    case DataType::kBool:
      return at::kBool;
    case DataType::kUint8:
      return at::kByte;
    case DataType::kUint16:
      return at::kUInt16;
    case DataType::kUint32:
      return at::kUInt32;
    case DataType::kUint64:
      return at::kUInt64;
    case DataType::kInt8:
      return at::kChar;
    case DataType::kInt16:
      return at::kShort;
    case DataType::kInt32:
      return at::kInt;
    case DataType::kInt64:
      return at::kLong;
    case DataType::kFp16:
      return at::kHalf;
    case DataType::kFp32:
      return at::kFloat;
    case DataType::kFp64:
      return at::kDouble;
    case DataType::kBf16:
      return at::kBFloat16;
    case DataType::kBytes:
    case DataType::kInvalid:
      break;
  }
  return at::ScalarType::Undefined;
}

DataType FromScalarType(at::ScalarType type) {
  for (int i = 1; i <= static_cast<int>(DataType::kBf16); ++i) {
    const auto candidate = static_cast<DataType>(i);
    if (candidate != DataType::kBytes && ToScalarType(candidate) == type) return candidate;
  }
  return DataType::kInvalid;
}

absl::Status ToStrings(const TensorView& input, c10::IValue& value) {
  const std::optional<int64_t> count = ElementCount(input.shape);
  if (!count) return absl::InvalidArgumentError("a BYTES input has an impossible shape");
  std::vector<absl::string_view> elements;
  absl::Status split = SplitBytesElements(input.bytes, *count, elements);
  if (!split.ok()) return split;
  c10::List<std::string> strings;
  strings.reserve(elements.size());
  for (absl::string_view element : elements) strings.push_back(std::string(element));
  value = std::move(strings);
  return absl::OkStatus();
}

bool HoldsBools(absl::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(),
                     [](char byte) { return static_cast<unsigned char>(byte) <= 1; });
}

bool LiesIn(const void* data, std::span<const TensorView> inputs) {
  const auto at = reinterpret_cast<uintptr_t>(data);
  return std::any_of(inputs.begin(), inputs.end(), [at](const TensorView& input) {
    const auto begin = reinterpret_cast<uintptr_t>(input.bytes.data());
    return at >= begin && at < begin + input.bytes.size();
  });
}

absl::Status AddTensor(std::string name, at::Tensor tensor, std::span<const TensorView> inputs,
                       std::vector<ForwardOutput>& outputs) {
  if (!tensor.defined() || tensor.layout() != at::kStrided || tensor.is_quantized()) {
    return absl::InvalidArgumentError("an output is a sparse, quantized or undefined tensor");
  }
  TensorView view;
  view.type = FromScalarType(tensor.scalar_type());
  if (view.type == DataType::kInvalid) {
    return absl::InvalidArgumentError(absl::StrCat(
        "an output has the type ", c10::toString(tensor.scalar_type()), ", which is not served"));
  }
  if (tensor.is_neg()) tensor = tensor.resolve_neg();
  if (!tensor.is_cpu()) tensor = tensor.cpu();
  tensor = tensor.contiguous();
  if (LiesIn(tensor.const_data_ptr(), inputs)) tensor = tensor.clone();
  view.shape.assign(tensor.sizes().begin(), tensor.sizes().end());
  const size_t bytes = static_cast<size_t>(tensor.numel()) * tensor.element_size();
  auto owner = std::make_shared<at::Tensor>(std::move(tensor));
  view.bytes = absl::string_view(static_cast<const char*>(owner->const_data_ptr()), bytes);
  view.owner = std::move(owner);
  outputs.push_back({std::move(name), std::move(view)});
  return absl::OkStatus();
}

void AddStrings(std::string name, const c10::IValue& value, std::vector<ForwardOutput>& outputs) {
  auto bytes = std::make_shared<std::string>();
  int64_t count = 0;
  for (const c10::IValue& element : value.toListRef()) {
    AppendBytesElement(element.toStringRef(), *bytes);
    ++count;
  }
  TensorView view{DataType::kBytes, {count}, *bytes, bytes};
  outputs.push_back({std::move(name), std::move(view)});
}

absl::Status Flatten(const c10::IValue& value, std::string name, int depth,
                     std::span<const TensorView> inputs, std::vector<ForwardOutput>& outputs);

absl::Status FlattenTuple(const c10::IValue& value, int depth, std::span<const TensorView> inputs,
                          std::vector<ForwardOutput>& outputs) {
  const auto& tuple = value.toTupleRef();
  const auto type = tuple.type();
  const auto& elements = tuple.elements();
  for (size_t i = 0; i < elements.size(); ++i) {
    std::string field = type->schema() ? type->schema()->arguments()[i].name() : "";
    absl::Status added = Flatten(elements[i], std::move(field), depth + 1, inputs, outputs);
    if (!added.ok()) return added;
  }
  return absl::OkStatus();
}

absl::Status FlattenDict(const c10::IValue& value, int depth, std::span<const TensorView> inputs,
                         std::vector<ForwardOutput>& outputs) {
  std::vector<std::pair<std::string, c10::IValue>> entries;
  for (const auto& entry : value.toGenericDict()) {
    if (!entry.key().isString()) {
      return absl::InvalidArgumentError("an output is a dict with keys that are no strings");
    }
    entries.emplace_back(entry.key().toStringRef(), entry.value());
  }
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& [key, element] : entries) {
    absl::Status added = Flatten(element, std::move(key), depth + 1, inputs, outputs);
    if (!added.ok()) return added;
  }
  return absl::OkStatus();
}

absl::Status Flatten(const c10::IValue& value, std::string name, int depth,
                     std::span<const TensorView> inputs, std::vector<ForwardOutput>& outputs) {
  if (depth > kMaxDepth) return absl::InvalidArgumentError("an output is nested too deep");
  if (value.isTensor()) return AddTensor(std::move(name), value.toTensor(), inputs, outputs);
  if (value.isTuple()) return FlattenTuple(value, depth, inputs, outputs);
  if (value.isGenericDict()) return FlattenDict(value, depth, inputs, outputs);
  if (value.isList()) {
    const c10::TypeKind element = value.toList().elementType()->kind();
    if (element == c10::TypeKind::StringType) {
      AddStrings(std::move(name), value, outputs);
      return absl::OkStatus();
    }
    if (element == c10::TypeKind::TensorType) {
      for (const c10::IValue& tensor : value.toListRef()) {
        absl::Status added = AddTensor("", tensor.toTensor(), inputs, outputs);
        if (!added.ok()) return added;
      }
      return absl::OkStatus();
    }
  }
  if (value.isScalar()) {
    return AddTensor(std::move(name), at::scalar_tensor(value.toScalar(), value.toScalar().type()),
                     inputs, outputs);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("an output is of type ", value.tagKind(), ", which is not served"));
}

}  // namespace

absl::Status ToTorch(const TensorView& input, bool copy, c10::IValue& value) {
  if (input.type == DataType::kBytes) return ToStrings(input, value);
  const at::TensorOptions options = at::dtype(ToScalarType(input.type));
  const at::IntArrayRef shape(input.shape.data(), input.shape.size());
  const std::optional<int64_t> size = ByteSize(input.type, input.shape);
  if (!size || static_cast<size_t>(*size) != input.bytes.size()) {
    return absl::InvalidArgumentError(absl::StrCat("an input of shape ", ShapeText(input.shape),
                                                   " has ", input.bytes.size(), " bytes"));
  }
  if (*size == 0) {
    value = at::empty(shape, options);
    return absl::OkStatus();
  }
  // C++ and LibTorch take a bool to be 0 or 1. Requests are checked for it, the files of a
  // model_warmup are not.
  if (input.type == DataType::kBool && !HoldsBools(input.bytes)) {
    at::Tensor tensor = at::empty(shape, options);
    std::transform(input.bytes.begin(), input.bytes.end(), static_cast<char*>(tensor.data_ptr()),
                   [](char byte) { return static_cast<char>(byte != 0); });
    value = std::move(tensor);
    return absl::OkStatus();
  }
  const auto address = reinterpret_cast<uintptr_t>(input.bytes.data());
  if (copy || address % ElementSize(input.type) != 0) {
    at::Tensor tensor = at::empty(shape, options);
    std::copy(input.bytes.begin(), input.bytes.end(), static_cast<char*>(tensor.data_ptr()));
    value = std::move(tensor);
    return absl::OkStatus();
  }
  // A model that writes to its inputs gets copies (see Forward), so the bytes stay as they are.
  value = at::from_blob(const_cast<char*>(input.bytes.data()), shape, options);
  return absl::OkStatus();
}

absl::Status FromTorch(const c10::IValue& value, std::span<const TensorView> inputs,
                       std::vector<ForwardOutput>& outputs) {
  return Flatten(value, "", 0, inputs, outputs);
}

}  // namespace tournant
