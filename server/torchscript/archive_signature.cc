#include "torchscript/archive_signature.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "models/config_parser.h"

namespace tournant {
namespace {

constexpr char kSignature[] = "signature";

absl::Status Malformed(absl::string_view text) {
  return absl::InvalidArgumentError(absl::StrCat(kMetadataFile, " in the archive ", text));
}

// Nothing when there is no signature.
absl::StatusOr<std::optional<ModelConfig>> ReadSignature(const std::string& metadata,
                                                         const std::string& model_name) {
  std::optional<ModelConfig> none;
  if (metadata.empty()) return none;
  const auto json = nlohmann::json::parse(metadata, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return Malformed("is not JSON");
  if (!json.is_object() || !json.contains(kSignature)) return none;
  const nlohmann::json& signature = json[kSignature];
  if (!signature.is_object()) return Malformed("has a signature that is not a JSON object");
  for (const auto& [key, value] : signature.items()) {
    static const std::set<std::string> kKnown = {"max_batch_size", "input", "output"};
    if (kKnown.contains(key)) continue;
    return Malformed(absl::StrCat("has '", Quote(key),
                                  "' in its signature, which may have max_batch_size, input and "
                                  "output"));
  }
  auto parsed = ParseModelConfigJson(signature.dump(), model_name, nullptr,
                                     absl::StrCat(kMetadataFile, " in the archive: signature"));
  if (!parsed.ok()) return parsed.status();
  return std::optional<ModelConfig>(*std::move(parsed));
}

bool LeavesOut(const TensorSpec& spec) {
  return spec.name.empty() || spec.type == DataType::kInvalid || spec.dims.empty();
}

// Without batches, rows are a dimension like any other.
void AddRows(std::vector<TensorSpec>& specs) {
  for (TensorSpec& spec : specs) {
    if (!spec.dims.empty()) spec.dims.insert(spec.dims.begin(), -1);
    if (spec.model_dims) spec.model_dims->insert(spec.model_dims->begin(), -1);
  }
}

void SetSource(SpecSource source, std::vector<TensorSpec>& specs) {
  for (TensorSpec& spec : specs) spec.source = spec.type_source = spec.dims_source = source;
}

const TensorSpec* Find(const std::vector<TensorSpec>& specs, const std::string& name) {
  const auto found = std::find_if(specs.begin(), specs.end(),
                                  [&](const TensorSpec& spec) { return spec.name == name; });
  return found == specs.end() || name.empty() ? nullptr : &*found;
}

void Complete(const std::vector<TensorSpec>& told, std::vector<TensorSpec>& specs) {
  if (specs.empty()) {
    specs = told;
    return;
  }
  const bool named = std::any_of(specs.begin(), specs.end(), [&](const TensorSpec& spec) {
    return Find(told, spec.name) != nullptr;
  });
  for (size_t i = 0; i < specs.size(); ++i) {
    TensorSpec& spec = specs[i];
    const TensorSpec* from = Find(told, spec.name);
    if (from == nullptr && !named && told.size() == specs.size()) from = &told[i];
    if (from == nullptr) continue;
    if (spec.name.empty()) spec.name = from->name;
    if (spec.type == DataType::kInvalid) {
      spec.type = from->type;
      spec.type_source = from->type_source;
    }
    if (spec.dims.empty()) {
      spec.dims = from->dims;
      spec.model_dims = from->model_dims;
      spec.dims_source = from->dims_source;
    }
  }
}

}  // namespace

bool LeavesOutTensors(const ModelConfig& config) {
  return config.max_batch_size_open || config.inputs.empty() || config.outputs.empty() ||
         std::any_of(config.inputs.begin(), config.inputs.end(), LeavesOut) ||
         std::any_of(config.outputs.begin(), config.outputs.end(), LeavesOut);
}

absl::Status CompleteFromSignature(const std::string& metadata, ModelConfig& config) {
  if (!LeavesOutTensors(config)) return absl::OkStatus();
  auto read = ReadSignature(metadata, config.name);
  if (!read.ok()) return read.status();
  if (!read->has_value()) return absl::OkStatus();
  ModelConfig& told = **read;
  if (config.max_batch_size_open && !told.max_batch_size_open) {
    config.max_batch_size = told.max_batch_size;
    config.max_batch_size_open = false;
  }
  if (!told.max_batch_size_open && told.max_batch_size == 0 && config.max_batch_size > 0) {
    return Malformed(absl::StrCat("has max_batch_size 0 in its signature, but config.pbtxt says ",
                                  config.max_batch_size));
  }
  if (told.max_batch_size > 0 && config.max_batch_size == 0) {
    AddRows(told.inputs);
    AddRows(told.outputs);
  }
  SetSource(SpecSource::kArchive, told.inputs);
  SetSource(SpecSource::kArchive, told.outputs);
  Complete(told.inputs, config.inputs);
  Complete(told.outputs, config.outputs);
  return absl::OkStatus();
}

}  // namespace tournant
