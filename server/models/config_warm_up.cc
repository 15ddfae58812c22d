#include "models/config_warm_up.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "inference/model_config.pb.h"
#include "models/config_tensors.h"
#include "models/model_file.h"
#include "models/warm_up_sample.h"

namespace tournant {
namespace {

// A larger number would keep the loader for hours.
constexpr uint32_t kMostRuns = 10'000;

void ReadContents(const ConfigNode& node, WarmUpInput& input) {
  using Proto = inference::ModelWarmup::Input;
  const auto& proto = node.As<Proto>();
  switch (proto.input_data_type_case()) {
    case Proto::kZeroData:
      input.contents = WarmUpInput::Contents::kZero;
      if (!proto.zero_data()) node.Refuse("zero_data", "can only be true");
      return;
    case Proto::kRandomData:
      input.contents = WarmUpInput::Contents::kRandom;
      if (!proto.random_data()) node.Refuse("random_data", "can only be true");
      return;
    case Proto::kInputDataFile:
      input.contents = WarmUpInput::Contents::kFile;
      input.file = proto.input_data_file();
      if (!IsPlainFileName(input.file)) {
        node.Refuse("input_data_file", "is not the name of a file in the model's folder warmup");
      }
      return;
    case Proto::INPUT_DATA_TYPE_NOT_SET:
      return;
  }
}

WarmUpInput ReadInput(const ConfigNode& sample, int index) {
  const ConfigNode node = sample.Child("inputs", index);
  const auto& proto = node.As<inference::ModelWarmup::Input>();
  WarmUpInput input;
  input.type = ConfigDataType(proto.data_type());
  input.dims.assign(proto.dims().begin(), proto.dims().end());
  if (proto.data_type() == inference::TYPE_INVALID) {
    sample.Refuse("inputs", "has no data_type", index);
  }
  if (proto.input_data_type_case() == inference::ModelWarmup::Input::INPUT_DATA_TYPE_NOT_SET) {
    sample.Refuse("inputs", "has neither zero_data, random_data nor input_data_file", index);
  }
  for (int i = 0; i < proto.dims_size(); ++i) {
    if (proto.dims(i) < 0) {
      node.Refuse("dims", absl::StrCat("is ", proto.dims(i), "; a sample has sizes of its own"), i);
    }
  }
  ReadContents(node, input);
  return input;
}

WarmUpSample ReadSample(const ConfigNode& node, int64_t max_batch_size) {
  const auto& proto = node.As<inference::ModelWarmup>();
  WarmUpSample sample;
  sample.name = proto.name();
  sample.batch_size = std::max<int64_t>(proto.batch_size(), 1);
  sample.count = std::max<int64_t>(proto.count(), 1);
  if (sample.batch_size > std::max<int64_t>(max_batch_size, 1)) {
    node.Refuse("batch_size",
                absl::StrCat("is ", sample.batch_size, ", more than max_batch_size, which is ",
                             max_batch_size));
  }
  if (proto.count() > kMostRuns) node.Refuse("count", absl::StrCat("is above ", kMostRuns));
  for (int i = 0; i < node.Size("inputs"); ++i) {
    const std::string name = node.Key("inputs", i);
    if (!sample.inputs.emplace(name, ReadInput(node, i)).second) {
      node.Refuse("inputs", "is given twice", i);
    }
  }
  return sample;
}

// Else the sample is compared once the factory has completed them.
bool TellsInputs(const ModelConfig& config) {
  return !config.inputs.empty() &&
         std::none_of(config.inputs.begin(), config.inputs.end(), [](const TensorSpec& spec) {
           return spec.name.empty() || spec.type == DataType::kInvalid || spec.dims.empty();
         });
}

}  // namespace

void ReadWarmUp(const ConfigNode& root, ModelConfig& config) {
  std::set<std::string> names;
  for (int i = 0; i < root.Size("model_warmup"); ++i) {
    const ConfigNode node = root.Child("model_warmup", i);
    WarmUpSample sample = ReadSample(node, config.max_batch_size);
    if (sample.name.empty()) sample.name = absl::StrCat("model_warmup[", i, "]");
    if (!names.insert(sample.name).second) {
      node.Refuse("name", absl::StrCat("'", Quote(sample.name), "' is given twice"));
    }
    if (root.ok() && TellsInputs(config)) {
      const absl::Status fits = CheckWarmUpSample(sample, config);
      if (!fits.ok()) root.Refuse("model_warmup", fits.message(), i);
    }
    config.warm_up.push_back(std::move(sample));
  }
}

}  // namespace tournant
