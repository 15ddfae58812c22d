#include "pipeline/prediction_log_step.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/feature_cells.h"
#include "base/status.h"
#include "features/feature_plan.h"
#include "pipeline/record_layout.h"
#include "predictions/model_log.h"

namespace tournant {
namespace {

// What a row adds to a record besides the request, where the config tells: tensors of open sizes
// and of BYTES are not known ahead.
int64_t BytesPerRow(const ModelVersion& version) {
  int64_t bytes = 0;
  for (const TensorSpec& output : version.config.outputs) {
    bytes += ByteSize(output.type, output.dims).value_or(0);
  }
  if (version.features == nullptr) return bytes;
  for (const PlannedInput& input : version.features->inputs()) {
    if (!input.given) bytes += ByteSize(input.spec.type, input.spec.dims).value_or(0);
  }
  constexpr int64_t kCellBytes = sizeof(CellSource) + sizeof(int64_t);
  return bytes + version.features->cells_per_row() * kCellBytes;
}

std::vector<std::string> KnownNames(const ModelVersion& version, const FeatureLayout& layout) {
  std::vector<std::string> names;
  const auto add = [&names](const std::vector<TensorSpec>& specs) {
    for (const TensorSpec& spec : specs) names.push_back(spec.name);
  };
  if (version.features == nullptr) {
    add(version.config.inputs);
  } else {
    add(version.features->request_tensors());
    add(version.features->overrides());
    for (const FeatureLayout::Key& key : layout.keys) names.push_back(key.join_key);
    for (const FeatureLayout::Column& column : layout.columns) names.push_back(column.feature);
  }
  add(version.config.outputs);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

absl::Status CheckNames(absl::string_view key, const std::vector<std::string>& given,
                        const std::vector<std::string>& known) {
  for (const std::string& name : given) {
    if (std::binary_search(known.begin(), known.end(), name)) continue;
    if (key == "hash" && name == ModelLog::kRequestId) continue;
    return absl::InvalidArgumentError(absl::StrCat("parameters[prediction_log.", key, "] names '",
                                                   Quote(name), "', and the model has only ",
                                                   absl::StrJoin(known, ", ")));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status PredictionLogStep::Prepare(ModelVersion& version) {
  version.log = nullptr;
  PredictionLogParameters parameters = ReadPredictionLogParameters(version.config.parameters);
  FeatureLayout layout = RecordLayout(version);
  const std::vector<std::string> known = KnownNames(version, layout);
  if (parameters.fields) {
    if (absl::Status named = CheckNames("fields", *parameters.fields, known); !named.ok()) {
      return named;
    }
  }
  if (absl::Status named = CheckNames("hash", parameters.hashed, known); !named.ok()) return named;
  if (!options_.has_log) {
    const LogMode mode = parameters.mode.value_or(LogMode::kBestEffort);
    if (mode != LogMode::kBestEffort) {
      return absl::InvalidArgumentError(
          absl::StrCat("parameters[prediction_log.mode] is ", LogModeName(mode),
                       ", and the server has no prediction log: set --prediction_log"));
    }
    // What shows a call asks it how to show its id, whether calls are recorded or not.
    const std::vector<std::string>& hashed = parameters.hashed;
    if (std::find(hashed.begin(), hashed.end(), ModelLog::kRequestId) == hashed.end()) {
      return absl::OkStatus();
    }
  }
  ModelLog::Options options;
  options.mode = parameters.mode.value_or(options_.mode);
  options.bytes_per_row = BytesPerRow(version);
  options.layout = std::move(layout);
  options.parameters = std::move(parameters);
  options.salt = options_.salt;
  version.log = std::make_shared<const ModelLog>(std::move(options));
  return absl::OkStatus();
}

}  // namespace tournant
