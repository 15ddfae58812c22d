#include "status/model_metadata.h"

#include <nlohmann/json.hpp>

#include "pipeline/model_description.h"

namespace tournant {
namespace {

using Json = nlohmann::ordered_json;

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json TensorsJson(const std::vector<ModelDescription::Tensor>& tensors) {
  Json list = Json::array();
  for (const ModelDescription::Tensor& tensor : tensors) {
    Json json = {{"name", tensor.name}, {"datatype", tensor.datatype}, {"shape", tensor.shape}};
    if (tensor.optional) json["optional"] = true;
    list.push_back(std::move(json));
  }
  return list;
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
  const absl::StatusOr<ModelDescription> described = DescriptionOf(registry, model, version);
  if (!described.ok()) return described.status();
  Json json = {{"name", described->name},
               {"versions", described->versions},
               {"platform", described->platform},
               {"inputs", TensorsJson(described->inputs)},
               {"outputs", TensorsJson(described->outputs)}};
  for (const auto& [key, value] : described->properties) json["properties"][key] = value;
  return Dump(json);
}

}  // namespace tournant
