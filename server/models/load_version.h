#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "models/archive_check.h"
#include "models/found_model.h"
#include "models/model.h"
#include "models/model_version.h"

namespace tournant {

struct LoadLimits {
  int64_t max_file_bytes = int64_t{2} << 30;
  int64_t max_config_bytes = int64_t{1} << 20;
  ArchiveLimits archive;
};

// The config of a model as far as it is known before a version is loaded: its config.pbtxt, which
// may be missing, or the JSON that stands in for it. Errors begin with the path of the file, or
// with "config: ". `warnings` gets a line for each setting that has no effect.
absl::StatusOr<ModelConfig> ReadModelConfig(const FoundModel& found, const LoadLimits& limits,
                                            std::vector<std::string>& warnings);

// From the files of one of the model's versions to what is ready to serve: reads the model file
// once, checks it, makes the model, completes the config, runs the steps in order. Errors begin
// with the path of the file or directory that they are about.
absl::StatusOr<std::shared_ptr<ModelVersion>> LoadVersion(
    const FoundModel& found, const FoundVersion& found_version, const ModelConfig& config,
    const LoadLimits& limits, ModelFactory& factory, const std::vector<LoadStep*>& steps);

}  // namespace tournant
