#include "status/model_metadata.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "features/feature_plan.h"

namespace tournant {
namespace {

using Json = nlohmann::ordered_json;

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json TensorsJson(const std::vector<TensorSpec>& specs, bool batched) {
  Json tensors = Json::array();
  for (const TensorSpec& spec : specs) {
    Json shape = Json::array();
    if (batched) shape.push_back(-1);
    for (const int64_t dim : spec.dims) shape.push_back(dim);
    Json tensor = {{"name", spec.name},
                   {"datatype", std::string(DataTypeName(spec.type))},
                   {"shape", std::move(shape)}};
    if (spec.optional) tensor["optional"] = true;
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

}  // namespace

std::string ServerMetadataJson() {
  return Dump({{"name", "tournant"},
               {"version", TOURNANT_VERSION},
               {"extensions", {"classification", "schedule_policy"}}});
}

absl::StatusOr<std::string> ModelMetadataJson(const ModelRegistry& registry,
                                              const std::string& model,
                                              const std::string& version) {
  const absl::StatusOr<ModelHandle> found = registry.Find(model, version);
  if (!found.ok()) return found.status();
  const ModelVersion& served = **found;
  const FeaturePlan* const features = served.features.get();
  const bool batched = served.config.max_batch_size > 0;
  Json json = {{"name", served.name}, {"versions", Json::array()}};
  if (version.empty()) {
    for (const int64_t ready : registry.ReadyVersions(served.name)) {
      json["versions"].push_back(absl::StrCat(ready));
    }
  } else {
    json["versions"].push_back(version);
  }
  json["platform"] = served.config.platform;
  json["inputs"] = TensorsJson(
      features != nullptr ? features->request_tensors() : served.config.inputs, batched);
  json["outputs"] = TensorsJson(served.config.outputs, batched);
  if (features != nullptr && !features->overrides().empty()) {
    for (const TensorSpec& spec : features->overrides()) {
      json["properties"][absl::StrCat("override.", spec.name)] =
          absl::StrCat(DataTypeName(spec.type), " ", ShapeText(spec.dims));
    }
  }
  return Dump(json);
}

}  // namespace tournant
