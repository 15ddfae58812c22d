#include "pipeline/prediction_log_step.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/feature_cells.h"
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
  options.layout = RecordLayout(version);
  version.log = std::make_shared<const ModelLog>(std::move(options));
  return absl::OkStatus();
}

}  // namespace tournant
