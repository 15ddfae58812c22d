#include "cpp/written_tensor.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "cpp/tensor_codec.h"

namespace tournant::client {
namespace {

// The shape that the model expects for as many elements.
absl::StatusOr<std::vector<int64_t>> ShapeFor(const ModelSignature& signature,
                                              const TensorSignature& tensor,
                                              const WrittenTensor& written) {
  const int64_t width = tensor.Width();
  if (width < 0) {
    const size_t rank = tensor.dims.size() + (signature.batches() ? 1 : 0);
    if (written.nesting.size() == rank) return written.nesting;
    // One row.
    std::vector<int64_t> shape;
    if (signature.batches()) shape.push_back(1);
    if (written.nesting.size() == tensor.dims.size()) {
      shape.insert(shape.end(), written.nesting.begin(), written.nesting.end());
      return shape;
    }
    if (tensor.dims.size() == 1) return signature.ShapeOf(tensor, 1, written.elements);
    return absl::InvalidArgumentError("write the value as nested JSON arrays of its full shape");
  }
  const int64_t rows = width > 0 ? written.elements / width : 0;
  if (rows * width != written.elements || (!signature.batches() && rows != 1)) {
    return absl::InvalidArgumentError(
        absl::StrCat(written.elements, " elements where a row has ", width));
  }
  return signature.ShapeOf(tensor, rows, 1);
}

}  // namespace

absl::StatusOr<WrittenTensor> TensorFromJson(Datatype type, const Json& value) {
  WrittenTensor written;
  std::vector<const Json*> leaves;
  if (absl::Status flat = Flatten(value, leaves, written.nesting); !flat.ok()) return flat;
  for (const Json* leaf : leaves) {
    if (absl::Status added = AppendJsonElement(type, *leaf, written.raw); !added.ok()) return added;
  }
  written.elements = static_cast<int64_t>(leaves.size());
  return written;
}

absl::StatusOr<WrittenTensor> TensorFromText(Datatype type, absl::string_view text) {
  if (absl::StartsWith(text, "[")) {
    const Json json = Json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
    if (!json.is_discarded()) return TensorFromJson(type, json);
  }
  WrittenTensor written;
  std::vector<absl::string_view> elements;
  if (type == Datatype::kBytes) {
    elements.push_back(text);
  } else {
    elements = absl::StrSplit(text, ',');
  }
  for (const absl::string_view element : elements) {
    if (absl::Status added = AppendElement(type, element, written.raw); !added.ok()) {
      return added;
    }
  }
  written.elements = static_cast<int64_t>(elements.size());
  return written;
}

absl::StatusOr<const TensorSignature*> FindTensor(const ModelSignature& signature,
                                                  absl::string_view name) {
  if (const TensorSignature* tensor = signature.FindInput(name)) return tensor;
  return absl::InvalidArgumentError(absl::StrCat("model '", signature.name, "' has no input '",
                                                 Quote(name),
                                                 "'; it has: ", signature.InputNames()));
}

absl::Status AddWritten(const ModelSignature& signature, const TensorSignature& tensor,
                        absl::StatusOr<WrittenTensor> written,
                        inference::ModelInferRequest& request) {
  if (!written.ok()) return WrongInput(tensor.name, written.status().message());
  const auto shape = ShapeFor(signature, tensor, *written);
  if (!shape.ok()) return WrongInput(tensor.name, shape.status().message());
  return AddShaped(tensor.name, tensor.type, *shape, std::move(written), request);
}

absl::Status AddShaped(absl::string_view name, Datatype type, const std::vector<int64_t>& shape,
                       absl::StatusOr<WrittenTensor> written,
                       inference::ModelInferRequest& request) {
  if (!written.ok()) return WrongInput(name, written.status().message());
  for (const auto& input : request.inputs()) {
    if (input.name() == name) return WrongInput(name, "given twice");
  }
  auto* input = request.add_inputs();
  input->set_name(std::string(name));
  input->set_datatype(std::string(DatatypeName(type)));
  input->mutable_shape()->Assign(shape.begin(), shape.end());
  request.add_raw_input_contents(std::move(written->raw));
  return absl::OkStatus();
}

absl::Status WrongInput(absl::string_view name, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("input '", Quote(name), "': ", why));
}

}  // namespace tournant::client
