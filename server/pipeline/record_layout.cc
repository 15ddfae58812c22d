#include "pipeline/record_layout.h"

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"
#include "features/feature_plan.h"
#include "predictions/sha256.h"

namespace tournant {
namespace {

std::string Fingerprint(absl::string_view text) {
  constexpr size_t kDigits = 16;
  return absl::BytesToHexString(Sha256(text)).substr(0, kDigits);
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
  layout.bindings = Fingerprint(plan.bindings_text());
  for (const PlannedInput& input : plan.inputs()) AddInput(input, layout);
  for (const FetchPlan::Key& key : plan.fetch().keys) {
    if (key.request) layout.keys.push_back({key.name, plan.request_tensors()[*key.request].name});
  }
  return layout;
}

}  // namespace tournant
