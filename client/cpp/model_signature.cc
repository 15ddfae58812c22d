#include "cpp/model_signature.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace tournant::client {
namespace {

constexpr absl::string_view kOverridePrefix = "override.";

absl::StatusOr<TensorSignature> FromMetadata(
    const inference::ModelMetadataResponse::TensorMetadata& tensor, bool batches) {
  TensorSignature signature;
  signature.name = tensor.name();
  signature.type = DatatypeFromName(tensor.datatype());
  if (signature.type == Datatype::kInvalid) {
    return absl::InternalError(absl::StrCat("the server says that '", tensor.name(),
                                            "' has the unknown datatype '", tensor.datatype(),
                                            "'"));
  }
  const int skipped = batches && tensor.shape_size() > 0 ? 1 : 0;
  signature.dims.assign(tensor.shape().begin() + skipped, tensor.shape().end());
  return signature;
}

// "FP64 [1]" of the property override.<name>; a property in another form is left out.
bool FromProperty(absl::string_view name, absl::string_view text, TensorSignature& signature) {
  signature.name = std::string(name);
  std::vector<absl::string_view> words =
      absl::StrSplit(text, absl::ByAnyChar(" [],"), absl::SkipEmpty());
  if (words.empty()) return false;
  signature.type = DatatypeFromName(words.front());
  for (size_t i = 1; i < words.size(); ++i) {
    int64_t size = 0;
    if (!absl::SimpleAtoi(words[i], &size)) return false;
    signature.dims.push_back(size);
  }
  if (signature.dims.empty()) signature.dims.push_back(1);
  return signature.type != Datatype::kInvalid;
}

}  // namespace

int64_t TensorSignature::Width() const {
  int64_t width = 1;
  for (const int64_t size : dims) {
    if (size < 0) return -1;
    width *= size;
  }
  return width;
}

const TensorSignature* ModelSignature::FindInput(absl::string_view wanted) const {
  for (const auto* list : {&inputs, &overrides}) {
    for (const TensorSignature& tensor : *list) {
      if (tensor.name == wanted) return &tensor;
    }
  }
  return nullptr;
}

std::string ModelSignature::InputNames() const {
  std::string text;
  for (const TensorSignature& input : inputs) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", input.name,
                    input.optional ? " (optional)" : "");
  }
  return text;
}

std::vector<int64_t> ModelSignature::ShapeOf(const TensorSignature& tensor, int64_t rows,
                                             int64_t any) const {
  std::vector<int64_t> shape;
  if (batches()) shape.push_back(rows);
  for (const int64_t size : tensor.dims) shape.push_back(size < 0 ? any : size);
  return shape;
}

absl::StatusOr<ModelSignature> MakeSignature(const inference::ModelMetadataResponse& metadata,
                                             const inference::ModelConfig& config) {
  ModelSignature signature;
  signature.name = metadata.name();
  signature.max_batch_size = config.max_batch_size();
  for (const auto& tensor : metadata.inputs()) {
    auto input = FromMetadata(tensor, signature.batches());
    if (!input.ok()) return input.status();
    for (const auto& configured : config.input()) {
      if (configured.name() == tensor.name()) input->optional = configured.optional();
    }
    signature.inputs.push_back(*std::move(input));
  }
  for (const auto& tensor : metadata.outputs()) {
    auto output = FromMetadata(tensor, signature.batches());
    if (!output.ok()) return output.status();
    signature.outputs.push_back(*std::move(output));
  }
  for (const auto& [key, value] : metadata.properties()) {
    absl::string_view name = key;
    TensorSignature tensor;
    if (!absl::ConsumePrefix(&name, kOverridePrefix) || !FromProperty(name, value, tensor))
      continue;
    tensor.optional = true;
    signature.overrides.push_back(std::move(tensor));
  }
  std::sort(signature.overrides.begin(), signature.overrides.end(),
            [](const TensorSignature& a, const TensorSignature& b) { return a.name < b.name; });
  return signature;
}

absl::StatusOr<ModelSignature> FetchSignature(InferenceClient& client, absl::string_view model,
                                              absl::string_view version) {
  const auto metadata = client.ModelMetadata(model, version);
  if (!metadata.ok()) return metadata.status();
  const auto config = client.ModelConfig(model, version);
  if (!config.ok()) return config.status();
  auto signature = MakeSignature(*metadata, *config);
  if (signature.ok()) {
    signature->name = std::string(model);
    signature->version = std::string(version);
  }
  return signature;
}

}  // namespace tournant::client
