#include "rpc/discovery.h"

#include "absl/strings/str_cat.h"
#include "features/feature_plan.h"
#include "pipeline/model_description.h"

namespace tournant {
namespace {

template <class Metadata>
void FillTensor(const ModelDescription::Tensor& tensor, Metadata& metadata) {
  metadata.set_name(tensor.name);
  metadata.set_datatype(tensor.datatype);
  metadata.mutable_shape()->Add(tensor.shape.begin(), tensor.shape.end());
}

}  // namespace

void DescribeServer(inference::ServerMetadataResponse& answer) {
  answer.set_name("tournant");
  answer.set_version(TOURNANT_VERSION);
  // Only what works is advertised: clients such as perf_analyzer act on this list.
  for (const char* extension :
       {"classification", "model_configuration", "model_repository",
        "model_repository(unload_dependents)", "schedule_policy", "statistics", "logging"}) {
    answer.add_extensions(extension);
  }
}

absl::Status DescribeReadiness(const ModelRegistry& registry,
                               const inference::ModelReadyRequest& request,
                               inference::ModelReadyResponse& answer) {
  const absl::Status found = registry.Find(request.name(), request.version()).status();
  if (!found.ok() && !registry.Knows(request.name(), request.version())) return found;
  answer.set_ready(found.ok());
  return absl::OkStatus();
}

absl::Status DescribeModel(const ModelRegistry& registry,
                           const inference::ModelMetadataRequest& request,
                           inference::ModelMetadataResponse& answer) {
  const absl::StatusOr<ModelDescription> model =
      DescriptionOf(registry, request.name(), request.version());
  if (!model.ok()) return model.status();
  answer.set_name(model->name);
  answer.set_platform(model->platform);
  for (const std::string& version : model->versions) answer.add_versions(version);
  for (const auto& input : model->inputs) FillTensor(input, *answer.add_inputs());
  for (const auto& output : model->outputs) FillTensor(output, *answer.add_outputs());
  for (const auto& [key, value] : model->properties) (*answer.mutable_properties())[key] = value;
  return absl::OkStatus();
}

absl::Status DescribeConfig(const ModelRegistry& registry,
                            const inference::ModelConfigRequest& request,
                            inference::ModelConfigResponse& answer) {
  const absl::StatusOr<ModelHandle> found = registry.Find(request.name(), request.version());
  if (!found.ok()) return found.status();
  const ModelVersion& version = **found;
  inference::ModelConfig& config = *answer.mutable_config();
  if (!config.ParseFromString(version.config.serialized)) {
    return absl::InternalError(
        absl::StrCat("the config of model '", version.name, "' cannot be read back"));
  }
  if (version.features == nullptr) return absl::OkStatus();
  // Load generators fill the inputs that the config lists, so it lists what a caller sends.
  config.clear_input();
  for (const TensorSpec& spec : version.features->request_tensors()) {
    inference::ModelInput& input = *config.add_input();
    input.set_name(spec.name);
    input.set_data_type(static_cast<inference::DataType>(spec.type));
    input.mutable_dims()->Add(spec.dims.begin(), spec.dims.end());
    input.set_optional(spec.optional);
  }
  return absl::OkStatus();
}

}  // namespace tournant
