#include "torchscript/spec_source.h"

#include <algorithm>

#include "absl/strings/str_join.h"

namespace tournant {

absl::string_view SourceText(SpecSource source) {
  switch (source) {
    case SpecSource::kConfig:
      return "config.pbtxt";
    case SpecSource::kArchive:
      return "the archive's metadata.json";
    case SpecSource::kTrial:
      return "the trials at load";
  }
  return "";
}

absl::string_view ListedBy(const std::vector<TensorSpec>& specs) {
  return SourceText(specs.empty() ? SpecSource::kConfig : specs.front().source);
}

std::string DimsToldBy(const std::vector<TensorSpec>& specs) {
  std::vector<absl::string_view> told;
  for (const TensorSpec& spec : specs) {
    const absl::string_view by = SourceText(spec.dims_source);
    if (std::find(told.begin(), told.end(), by) == told.end()) told.push_back(by);
  }
  return absl::StrJoin(told, " and ");
}

}  // namespace tournant
