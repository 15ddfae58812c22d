#include "cpp/feature_counts.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cpp/number_text.h"

namespace tournant::client {
namespace {

int64_t Number(const inference::ModelInferResponse& response, const char* name, int64_t otherwise) {
  const auto found = response.parameters().find(name);
  if (found == response.parameters().end()) return otherwise;
  const inference::InferParameter& value = found->second;
  if (value.has_uint64_param()) return static_cast<int64_t>(value.uint64_param());
  return value.has_int64_param() ? value.int64_param() : otherwise;
}

std::string AgeText(int64_t milliseconds) {
  const double seconds = static_cast<double>(milliseconds) / 1000;
  if (seconds < 120) return absl::StrFormat("%.1f s", seconds);
  if (seconds < 7200) return absl::StrFormat("%.1f min", seconds / 60);
  if (seconds < 172800) return absl::StrFormat("%.1f h", seconds / 3600);
  return absl::StrFormat("%.1f days", seconds / 86400);
}

}  // namespace

void FeatureCounts::Add(const inference::ModelInferResponse& response, int64_t rows) {
  if (response.parameters().empty()) return;
  live += Number(response, "features_live", 0);
  cached += Number(response, "features_cached", 0);
  stale += Number(response, "features_stale", 0);
  defaulted += Number(response, "features_defaulted", 0);
  from_request += Number(response, "features_from_request", 0);
  oldest_age_ms = std::max(oldest_age_ms, Number(response, "oldest_feature_age_ms", -1));
  const auto flag = response.parameters().find("degraded");
  if (flag != response.parameters().end() && flag->second.bool_param()) {
    ++degraded_answers;
    degraded_rows += rows;
  }
}

std::string FeatureText(const FeatureCounts& counts) {
  if (counts.cells() == 0) return "";
  std::string text = absl::StrCat(Thousands(counts.live), " live");
  const auto add = [&text](int64_t count, absl::string_view what) {
    if (count > 0) absl::StrAppend(&text, ", ", Thousands(count), " ", what);
  };
  add(counts.cached, "cached");
  add(counts.stale, "stale");
  absl::StrAppend(&text, ", ", Thousands(counts.defaulted), " defaulted");
  add(counts.from_request, "from the request");
  absl::StrAppend(&text, " of ", Thousands(counts.cells()), " cells");
  if (counts.oldest_age_ms >= 0) absl::StrAppend(&text, ", oldest ", AgeText(counts.oldest_age_ms));
  return text;
}

}  // namespace tournant::client
