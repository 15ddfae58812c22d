#include "pipeline/record_layout.h"

#include <filesystem>
#include <utility>

#include "absl/strings/escaping.h"
#include "base/text_file.h"
#include "features/feature_plan.h"
#include "predictions/sha256.h"

namespace tournant {
namespace {

// Of the bindings that were compiled for the version: the first file, as it was found.
std::string Fingerprint(const ModelVersion& version) {
  constexpr size_t kMaxFileBytes = size_t{4} << 20;
  constexpr size_t kDigits = 16;
  for (const std::filesystem::path& folder : {version.version_directory, version.model_directory}) {
    if (folder.empty()) continue;
    const auto text = ReadTextFile(folder / "features.pbtxt", kMaxFileBytes);
    if (!text.ok()) continue;
    const std::string digest = Sha256(*text);
    return absl::BytesToHexString(digest).substr(0, kDigits);
  }
  return "";
}

void AddInput(const PlannedInput& planned, FeatureLayout& layout) {
  size_t offset = 0;
  for (const PlannedColumn& column : planned.columns) {
    if (column.kind != ColumnSource::kRequest) {
      layout.columns.push_back({.feature = column.source,
                                .age_seconds = column.kind == ColumnSource::kAgeSeconds,
                                .input = layout.inputs.size(),
                                .offset = offset,
                                .width = column.width});
    }
    offset += column.width + (column.indicator ? 1 : 0);
  }
  layout.inputs.push_back({planned.spec.name, planned.given ? 0 : planned.width});
}

}  // namespace

FeatureLayout RecordLayout(const ModelVersion& version) {
  FeatureLayout layout;
  if (version.features == nullptr) return layout;
  const FeaturePlan& plan = *version.features;
  layout.feature_service = plan.fetch().feature_service;
  layout.bindings = Fingerprint(version);
  for (const PlannedInput& input : plan.inputs()) AddInput(input, layout);
  for (const FetchPlan::Key& key : plan.fetch().keys) {
    if (key.request) layout.keys.push_back({key.name, plan.request_tensors()[*key.request].name});
  }
  return layout;
}

}  // namespace tournant
