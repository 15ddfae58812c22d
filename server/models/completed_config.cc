#include "models/completed_config.h"

#include <google/protobuf/text_format.h>

#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/status.h"
#include "inference/model_config.pb.h"

namespace tournant {
namespace {

constexpr absl::string_view kInput = "input";

// The entry that the file has for `name`, which it may have left out at `index`; else an empty one.
template <class Tensor>
Tensor Given(const google::protobuf::RepeatedPtrField<Tensor>& given, const std::string& name,
             size_t index) {
  for (const Tensor& tensor : given) {
    if (tensor.name() == name) return tensor;
  }
  const int at = static_cast<int>(index);
  return at < given.size() && given[at].name().empty() ? given[at] : Tensor();
}

// The file's entries where it has some, with what the factory has completed.
template <class Tensor>
void CompleteTensors(const std::vector<TensorSpec>& specs,
                     google::protobuf::RepeatedPtrField<Tensor>& tensors) {
  const google::protobuf::RepeatedPtrField<Tensor> given = tensors;
  tensors.Clear();
  for (size_t i = 0; i < specs.size(); ++i) {
    const TensorSpec& spec = specs[i];
    Tensor& tensor = *tensors.Add();
    tensor = Given(given, spec.name, i);
    tensor.set_name(spec.name);
    tensor.set_data_type(static_cast<inference::DataType>(spec.type));
    tensor.clear_dims();
    tensor.mutable_dims()->Add(spec.dims.begin(), spec.dims.end());
    tensor.clear_reshape();
    if (spec.model_dims) {
      tensor.mutable_reshape()->mutable_shape()->Add(spec.model_dims->begin(),
                                                     spec.model_dims->end());
    }
    if constexpr (std::is_same_v<Tensor, inference::ModelInput>) {
      tensor.set_optional(spec.optional);
    } else {
      tensor.set_label_filename(spec.label_filename);
    }
  }
}

void CompleteInstanceGroups(inference::ModelConfig& proto) {
  for (int i = 0; i < proto.instance_group_size(); ++i) {
    inference::ModelInstanceGroup& group = *proto.mutable_instance_group(i);
    if (group.name().empty()) group.set_name(absl::StrCat(proto.name(), "_", i));
    group.set_kind(inference::ModelInstanceGroup::KIND_CPU);
  }
}

inference::ModelConfig CompletedProto(const ModelConfig& config) {
  inference::ModelConfig proto;
  // The file's own message, as ParseModelConfig left it; empty for a config made otherwise.
  proto.ParseFromString(config.serialized);
  proto.set_name(config.name);
  proto.set_platform(config.platform);
  proto.set_backend(kTorchBackend);
  proto.set_default_model_filename(config.model_filename);
  proto.set_max_batch_size(static_cast<int32_t>(config.max_batch_size));
  inference::ModelVersionPolicy& policy = *proto.mutable_version_policy();
  if (policy.policy_choice_case() == inference::ModelVersionPolicy::POLICY_CHOICE_NOT_SET ||
      policy.has_latest()) {
    policy.mutable_latest()->set_num_versions(static_cast<uint32_t>(config.version_policy.latest));
  }
  CompleteTensors(config.inputs, *proto.mutable_input());
  CompleteTensors(config.outputs, *proto.mutable_output());
  CompleteInstanceGroups(proto);
  // Rows of different requests run together whether or not the file asks for it.
  if (config.max_batch_size > 0) proto.mutable_dynamic_batching();
  return proto;
}

absl::Status CheckTensors(absl::string_view kind, const std::vector<TensorSpec>& specs) {
  if (specs.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("config.pbtxt lists no ", kind));
  }
  std::set<std::string> names;
  for (const TensorSpec& spec : specs) {
    if (spec.name.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("config.pbtxt lists an ", kind, " without a name"));
    }
    if (spec.type == DataType::kInvalid) {
      return absl::InvalidArgumentError(
          absl::StrCat(kind, " '", Quote(spec.name), "' has no data_type"));
    }
    if (kind == kInput && spec.dims.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(kind, " '", Quote(spec.name),
                                                     "' has no dims (without the batch dimension; "
                                                     "-1 for any size)"));
    }
    if (!names.insert(spec.name).second) {
      return absl::InvalidArgumentError(
          absl::StrCat(kind, " '", Quote(spec.name), "' is listed twice"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckComplete(const ModelConfig& config) {
  if (absl::Status inputs = CheckTensors(kInput, config.inputs); !inputs.ok()) return inputs;
  return CheckTensors("output", config.outputs);
}

std::string SerializeConfig(const ModelConfig& config) {
  return CompletedProto(config).SerializeAsString();
}

std::string ConfigText(const ModelConfig& config) {
  std::string text;
  google::protobuf::TextFormat::PrintToString(CompletedProto(config), &text);
  return text;
}

}  // namespace tournant
