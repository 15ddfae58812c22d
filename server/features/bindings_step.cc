#include "features/bindings_step.h"

#include <filesystem>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "base/text_file.h"
#include "features/bindings.h"

namespace tournant {
namespace {

constexpr char kFileName[] = "features.pbtxt";
// Far more than the columns of any model need.
constexpr size_t kMaxFileBytes = size_t{4} << 20;

// The first column that needs the feature store, or null.
const Bindings::Column* FirstFeature(const Bindings& bindings) {
  for (const Bindings::Input& input : bindings.inputs) {
    for (const Bindings::Column& column : input.columns) {
      if (column.kind != ColumnSource::kRequest) return &column;
    }
  }
  return nullptr;
}

}  // namespace

BindingsStep::BindingsStep(bool has_feature_store, RegistryProvider registry,
                           const PlanShares& shares)
    : has_feature_store_(has_feature_store), registry_(std::move(registry)), shares_(shares) {}

absl::Status BindingsStep::Prepare(ModelVersion& version) {
  version.features = nullptr;
  for (const std::filesystem::path& folder : {version.version_directory, version.model_directory}) {
    // A model given as a bare version has no folder above it.
    if (folder.empty()) continue;
    const std::filesystem::path file = folder / kFileName;
    const absl::StatusOr<std::string> text = ReadTextFile(file, kMaxFileBytes);
    if (absl::IsNotFound(text.status())) continue;
    if (!text.ok()) return text.status();
    const absl::StatusOr<Bindings> bindings = ParseBindings(file.string(), *text);
    if (!bindings.ok()) return bindings.status();
    const Bindings::Column* feature = FirstFeature(*bindings);
    if (feature != nullptr && !has_feature_store_) {
      return ErrorAt(bindings->file, feature->source.at,
                     absl::StrCat("feature '", Quote(feature->source.value),
                                  "' needs a feature store, and --feature_store is none"));
    }
    const std::shared_ptr<const FeatureRegistry> registry = registry_ ? registry_() : nullptr;
    absl::StatusOr<std::shared_ptr<const FeaturePlan>> plan =
        FeaturePlan::Compile(*bindings, version.config, registry.get(), folder, shares_);
    if (!plan.ok()) return plan.status();
    version.features = *std::move(plan);
    return absl::OkStatus();
  }
  return absl::OkStatus();
}

}  // namespace tournant
