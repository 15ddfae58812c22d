#include "models/check_model.h"

#include <algorithm>
#include <optional>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "models/choose_versions.h"
#include "models/completed_config.h"
#include "models/config_parser.h"
#include "models/model_file.h"
#include "models/scan_model.h"
#include "models/version_number.h"

namespace tournant {
namespace {

namespace fs = std::filesystem;

void AddLines(absl::string_view prefix, absl::string_view lines, std::string& text) {
  for (absl::string_view line : absl::StrSplit(lines, '\n', absl::SkipEmpty())) {
    absl::StrAppend(&text, prefix, line, "\n");
  }
}

// A model's directory holds versions or a config; a version's directory is a number without.
FoundModel Look(const CheckRequest& request, std::optional<int64_t>& version) {
  const fs::path directory = AbsoluteDirectory(request.directory);
  const std::string& name = request.model_name;
  const auto entries = DirectoryEntries(directory);
  const bool has_versions = entries.ok() && HasVersions(*entries);
  std::error_code error;
  const bool is_model = has_versions || fs::exists(directory / kConfigFile, error);
  version = ParseVersionNumber(directory.filename().native());
  if (version && !is_model) {
    const fs::path parent = directory.parent_path();
    return ScanModel(parent, name.empty() ? parent.filename().native() : name);
  }
  version.reset();
  if (!name.empty() && !has_versions) return ScanFlatModel(directory, name);
  return ScanModel(directory, name.empty() ? directory.filename().native() : name);
}

absl::StatusOr<std::vector<FoundVersion>> VersionsToCheck(const FoundModel& found,
                                                          const ModelConfig& config,
                                                          std::optional<int64_t> version) {
  if (!version) {
    auto chosen = ChooseVersions(config.version_policy, found.versions);
    if (chosen.ok()) return chosen;
    return Annotate(chosen.status(), found.directory.native());
  }
  std::vector<FoundVersion> one;
  std::copy_if(found.versions.begin(), found.versions.end(), std::back_inserter(one),
               [&](const FoundVersion& there) { return there.number == *version; });
  return one;
}

void Describe(const ModelVersion& checked, std::string& text) {
  absl::StrAppend(&text, "ok: model ", checked.name, ", version ", checked.version, ", ",
                  checked.config.model_filename, " with ", checked.model->parameter_bytes(),
                  " bytes of parameters\n", "config, completed:\n");
  AddLines("  ", ConfigText(checked.config), text);
}

absl::Status Check(const CheckRequest& request, const LoadLimits& limits, ModelFactory& factory,
                   const std::vector<LoadStep*>& steps, std::string& text) {
  std::optional<int64_t> version;
  FoundModel found = Look(request, version);
  if (!request.config_json.empty()) {
    absl::StatusOr<std::string> json = ReadModelFile(request.config_json, limits.max_config_bytes);
    if (!json.ok()) return Annotate(json.status(), request.config_json.native());
    found.config_json = *std::move(json);
  }
  std::vector<std::string> warnings;
  const absl::StatusOr<ModelConfig> config = ReadModelConfig(found, limits, warnings);
  for (const std::string& warning : warnings) AddLines("warning: ", warning, text);
  if (!config.ok()) return config.status();
  const auto chosen = VersionsToCheck(found, *config, version);
  if (!chosen.ok()) return chosen.status();
  std::vector<absl::Status> errors;
  for (const FoundVersion& one : *chosen) {
    const auto loaded = LoadVersion(found, one, *config, limits, factory, steps);
    if (loaded.ok()) {
      Describe(**loaded, text);
    } else {
      errors.push_back(loaded.status());
    }
  }
  return JoinErrors(errors);
}

}  // namespace

CheckReport CheckModel(const CheckRequest& request, const LoadLimits& limits, ModelFactory& factory,
                       const std::vector<LoadStep*>& steps) {
  CheckReport report;
  std::error_code error;
  if (!fs::is_directory(request.directory, error)) {
    AddLines("error: ", absl::StrCat(request.directory.native(), ": no such directory"),
             report.text);
    return report;
  }
  const absl::Status checked = Check(request, limits, factory, steps, report.text);
  if (!checked.ok()) AddLines("error: ", checked.message(), report.text);
  report.ok = checked.ok();
  return report;
}

}  // namespace tournant
