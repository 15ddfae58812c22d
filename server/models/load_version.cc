#include "models/load_version.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "models/completed_config.h"
#include "models/config_parser.h"
#include "models/label_file.h"
#include "models/model_file.h"

namespace tournant {
absl::StatusOr<ModelConfig> ReadModelConfig(const FoundModel& found, const LoadLimits& limits,
                                            std::vector<std::string>& warnings) {
  if (!found.status.ok()) {
    if (found.directory.empty()) return found.status;
    return Annotate(found.status, found.directory.native());
  }
  if (found.config_json) return ParseModelConfigJson(*found.config_json, found.name, &warnings);
  const std::string file = (found.directory / kConfigFile).native();
  const auto text = ReadModelFile(file, limits.max_config_bytes);
  if (absl::IsNotFound(text.status())) {
    ModelConfig config;
    config.name = found.name;
    config.max_batch_size_open = true;
    return config;  // The factory completes it.
  }
  if (!text.ok()) return Annotate(text.status(), file);
  return ParseModelConfig(*text, file, found.name, &warnings);
}

absl::StatusOr<std::shared_ptr<ModelVersion>> LoadVersion(
    const FoundModel& found, const FoundVersion& found_version, const ModelConfig& config,
    const LoadLimits& limits, ModelFactory& factory, const std::vector<LoadStep*>& steps) {
  if (!found_version.status.ok()) {
    return Annotate(found_version.status, found_version.directory.native());
  }
  auto version = std::make_shared<ModelVersion>();
  version->name = found.name;
  version->version = found_version.number;
  version->model_directory = found.directory;
  version->version_directory = found_version.directory;
  version->config = config;

  const std::string file = (found_version.directory / config.model_filename).native();
  {
    // The bytes are freed before the steps run: a model may be large.
    const auto bytes = ReadModelFile(file, limits.max_file_bytes);
    if (!bytes.ok()) return Annotate(bytes.status(), file);
    if (absl::Status archive = CheckModelArchive(*bytes, limits.archive); !archive.ok()) {
      return Annotate(archive, file);
    }
    auto model = factory.Load(*bytes, version->config);
    if (!model.ok()) return Annotate(model.status(), file);
    version->model = *std::move(model);
  }
  version->config.max_batch_size_open = false;
  if (absl::Status complete = CheckComplete(version->config); !complete.ok()) {
    return Annotate(complete, file);
  }
  if (absl::Status labels = ReadLabels(version->config, found.directory); !labels.ok()) {
    return labels;
  }
  version->config.serialized = SerializeConfig(version->config);

  for (LoadStep* step : steps) {
    if (absl::Status prepared = step->Prepare(*version); !prepared.ok()) {
      // An error in a file of the model names its place already.
      if (absl::StartsWith(prepared.message(), absl::StrCat(found.directory.native(), "/"))) {
        return prepared;
      }
      return Annotate(prepared, found_version.directory.native());
    }
  }
  return version;
}

}  // namespace tournant
