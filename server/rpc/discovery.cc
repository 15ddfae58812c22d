#include "rpc/discovery.h"

#include "absl/strings/str_cat.h"
#include "features/feature_plan.h"

namespace tournant {
namespace {

template <class Metadata>
void DescribeTensor(const TensorSpec& spec, bool batched, Metadata& metadata) {
  metadata.set_name(spec.name);
  const absl::string_view type = DataTypeName(spec.type);
  metadata.set_datatype(type.data(), type.size());
  if (batched) metadata.add_shape(-1);
  metadata.mutable_shape()->Add(spec.dims.begin(), spec.dims.end());
}

const std::vector<TensorSpec>& RequestTensors(const ModelVersion& version) {
  return version.features != nullptr ? version.features->request_tensors() : version.config.inputs;
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
  const absl::StatusOr<ModelHandle> found = registry.Find(request.name(), request.version());
  if (!found.ok()) return found.status();
  const ModelVersion& version = **found;
  const bool batched = version.config.max_batch_size > 0;
  answer.set_name(version.name);
  answer.set_platform(version.config.platform);
  if (request.version().empty()) {
    for (const int64_t ready : registry.ReadyVersions(version.name)) {
      answer.add_versions(absl::StrCat(ready));
    }
  } else {
    answer.add_versions(request.version());
  }
  for (const TensorSpec& spec : RequestTensors(version)) {
    DescribeTensor(spec, batched, *answer.add_inputs());
  }
  for (const TensorSpec& spec : version.config.outputs) {
    DescribeTensor(spec, batched, *answer.add_outputs());
  }
  if (version.features == nullptr) return absl::OkStatus();
  for (const TensorSpec& spec : version.features->overrides()) {
    (*answer.mutable_properties())[absl::StrCat("override.", spec.name)] =
        absl::StrCat(DataTypeName(spec.type), " ", ShapeText(spec.dims));
  }
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
