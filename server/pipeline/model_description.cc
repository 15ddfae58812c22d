#include "pipeline/model_description.h"

#include "absl/strings/str_cat.h"
#include "features/feature_plan.h"

namespace tournant {
namespace {

std::vector<ModelDescription::Tensor> Tensors(const std::vector<TensorSpec>& specs, bool batched) {
  std::vector<ModelDescription::Tensor> tensors;
  tensors.reserve(specs.size());
  for (const TensorSpec& spec : specs) {
    ModelDescription::Tensor& tensor = tensors.emplace_back();
    tensor.name = spec.name;
    tensor.datatype = std::string(DataTypeName(spec.type));
    if (batched) tensor.shape.push_back(-1);
    tensor.shape.insert(tensor.shape.end(), spec.dims.begin(), spec.dims.end());
    tensor.optional = spec.optional;
  }
  return tensors;
}

}  // namespace

absl::StatusOr<ModelDescription> DescriptionOf(const ModelRegistry& registry,
                                               const std::string& model,
                                               const std::string& version) {
  const absl::StatusOr<ModelHandle> found = registry.Find(model, version);
  if (!found.ok()) return found.status();
  const ModelVersion& served = **found;
  const FeaturePlan* const features = served.features.get();
  const bool batched = served.config.max_batch_size > 0;
  ModelDescription description;
  description.name = served.name;
  description.platform = served.config.platform;
  if (version.empty()) {
    for (const int64_t ready : registry.ReadyVersions(served.name)) {
      description.versions.push_back(absl::StrCat(ready));
    }
  } else {
    description.versions.push_back(version);
  }
  description.inputs =
      Tensors(features != nullptr ? features->request_tensors() : served.config.inputs, batched);
  description.outputs = Tensors(served.config.outputs, batched);
  if (features == nullptr) return description;
  for (const TensorSpec& spec : features->overrides()) {
    description.properties.emplace_back(
        absl::StrCat("override.", spec.name),
        absl::StrCat(DataTypeName(spec.type), " ", ShapeText(spec.dims)));
  }
  return description;
}

}  // namespace tournant
