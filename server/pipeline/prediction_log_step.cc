#include "pipeline/prediction_log_step.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "features/feature_plan.h"
#include "predictions/model_log.h"

namespace tournant {
namespace {

// What a row adds to a record besides the request, where the config tells: outputs of open sizes
// and of BYTES are not known ahead.
int64_t BytesPerRow(const ModelVersion& version) {
  int64_t bytes = 0;
  for (const TensorSpec& output : version.config.outputs) {
    bytes += ByteSize(output.type, output.dims).value_or(0);
  }
  return bytes;
}

}  // namespace

absl::Status PredictionLogStep::Prepare(ModelVersion& version) {
  version.log = nullptr;
  const PredictionLogParameters parameters = ReadPredictionLogParameters(version.config.parameters);
  if (!options_.has_log) {
    const LogMode mode = parameters.mode.value_or(LogMode::kBestEffort);
    if (mode == LogMode::kBestEffort) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat("parameters[prediction_log.mode] is ", LogModeName(mode),
                     ", and the server has no prediction log: set --prediction_log"));
  }
  ModelLog::Options options;
  options.mode = parameters.mode.value_or(options_.mode);
  options.bytes_per_row = BytesPerRow(version);
  version.log = std::make_shared<const ModelLog>(options);
  return absl::OkStatus();
}

}  // namespace tournant
