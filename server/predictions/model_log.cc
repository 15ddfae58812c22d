#include "predictions/model_log.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "predictions/prediction_record.h"
#include "predictions/sampling.h"

namespace tournant {

ModelLog::ModelLog(Options options)
    : options_(std::move(options)),
      allowed_(options_.parameters.fields
                   ? std::optional<Names>(WithKeys(*options_.parameters.fields))
                   : std::nullopt),
      hashed_(WithKeys(options_.parameters.hashed)) {}

ModelLog::Names ModelLog::WithKeys(const std::vector<std::string>& names) const {
  Names all(names.begin(), names.end());
  for (const FeatureLayout::Key& key : options_.layout.keys) {
    if (all.contains(key.join_key)) all.insert(key.request);
  }
  return all;
}

bool ModelLog::Keeps(const Call& call) const {
  const PredictionLogParameters& parameters = options_.parameters;
  if (keeps_all() || call.remarkable) return true;
  if (parameters.slow) {
    if (call.took >= *parameters.slow) return true;
  } else {
    const Duration p99 = took_.p99();  // Zero as long as nothing is known.
    took_.Record(call.took);
    if (p99 > Duration::zero() && call.took > p99) return true;
  }
  if (!call.request_id.empty()) return InSample(call.request_id, parameters.sample);
  return InSample(absl::StrCat(call.accepted.time_since_epoch().count()), parameters.sample);
}

bool ModelLog::Allows(absl::string_view name) const {
  return !allowed_ || allowed_->contains(name);
}

bool ModelLog::Hashes(absl::string_view name) const {
  if (hashed_.empty()) return false;
  if (hashed_.contains(name)) return true;
  // A caller's tensor in place of a whole input holds values that go by other names otherwise.
  const std::vector<FeatureLayout::Input>& inputs = options_.layout.inputs;
  return std::any_of(inputs.begin(), inputs.end(), [name](const FeatureLayout::Input& input) {
    return input.width > 0 && input.name == name;
  });
}

void ModelLog::Trim(PredictionRecord& record) const {
  for (std::vector<NamedTensor>* tensors : {&record.inputs, &record.outputs}) {
    if (allowed_) {
      std::erase_if(*tensors, [this](const NamedTensor& tensor) { return !Allows(tensor.name); });
    }
    for (size_t i = 0; i < tensors->size(); ++i) {
      std::string& bytes = (*tensors)[i].tensor.bytes;
      if (!TooLarge(bytes.size())) continue;
      record.omitted.push_back({tensors == &record.outputs, i, bytes.size()});
      std::string().swap(bytes);
    }
  }
}

}  // namespace tournant
