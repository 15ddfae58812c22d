#include "cpp/score_summary.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cpp/number_text.h"
#include "nlohmann/json.hpp"

namespace tournant::client {
namespace {

double RowsPerSecond(const ScoreSummary& summary) {
  return summary.seconds > 0 ? static_cast<double>(summary.rows) / summary.seconds : 0;
}

void AddLine(std::string& text, absl::string_view name, absl::string_view value) {
  absl::StrAppendFormat(&text, "%-9s %s\n", name, value);
}

}  // namespace

void ScoreSummary::AddError(absl::StatusCode code, const std::string& text, int64_t count) {
  failed += count;
  errors[absl::StatusCodeToString(code)] += count;
  if (first_error.empty()) first_error = text;
}

std::string SummaryText(ScoreSummary& summary) {
  std::string text;
  AddLine(text, "model",
          summary.version.empty() ? summary.model
                                  : absl::StrCat(summary.model, ", version ", summary.version));
  AddLine(
      text, "rows",
      absl::StrCat(Thousands(summary.scored), " scored, ", Thousands(summary.failed), " failed"));
  AddLine(text, "speed",
          absl::StrFormat("%s rows/s, %s requests in %.2f s",
                          Thousands(static_cast<int64_t>(RowsPerSecond(summary))),
                          Thousands(summary.requests), summary.seconds));
  AddLine(text, "latency",
          absl::StrFormat("p50 %.2f ms, p90 %.2f ms, p99 %.2f ms, max %.2f ms a request",
                          summary.latencies.PercentileMs(0.5), summary.latencies.PercentileMs(0.9),
                          summary.latencies.PercentileMs(0.99), summary.latencies.PercentileMs(1)));
  for (const auto& [code, rows] : summary.errors) {
    AddLine(text, "errors", absl::StrCat(code, ": ", Thousands(rows), " rows"));
  }
  if (!summary.first_error.empty()) AddLine(text, "first", summary.first_error);
  if (const std::string features = FeatureText(summary.features); !features.empty()) {
    AddLine(text, "features", features);
    AddLine(text, "degraded",
            absl::StrCat(Thousands(summary.features.degraded_rows), " rows in ",
                         Thousands(summary.features.degraded_answers), " answers"));
  }
  if (summary.has_label) {
    const auto quality = QualityOf(summary.predictions, summary.labels);
    AddLine(text, "quality",
            !quality.has_value()
                ? "no labelled row was scored"
                : absl::StrFormat("AUC %s, Brier %.6f over %s rows",
                                  quality->auc ? absl::StrFormat("%.6f", *quality->auc)
                                               : "undefined (labels of one kind)",
                                  quality->brier,
                                  Thousands(static_cast<int64_t>(summary.labels.size()))));
    if (summary.unlabelled > 0) {
      AddLine(text, "",
              absl::StrCat(Thousands(summary.unlabelled), " rows have a label other than 0 and 1"));
    }
  }
  return text;
}

std::string SummaryJson(ScoreSummary& summary) {
  nlohmann::ordered_json json;
  json["model"] = summary.model;
  json["version"] = summary.version;
  json["rows"] = summary.rows;
  json["scored"] = summary.scored;
  json["failed"] = summary.failed;
  json["requests"] = summary.requests;
  json["seconds"] = summary.seconds;
  json["rows_per_second"] = RowsPerSecond(summary);
  json["latency_ms"] = {{"p50", summary.latencies.PercentileMs(0.5)},
                        {"p90", summary.latencies.PercentileMs(0.9)},
                        {"p99", summary.latencies.PercentileMs(0.99)},
                        {"max", summary.latencies.PercentileMs(1)}};
  json["errors"] = nlohmann::ordered_json::object();
  for (const auto& [code, rows] : summary.errors) json["errors"][code] = rows;
  if (!summary.first_error.empty()) json["first_error"] = summary.first_error;
  const FeatureCounts& features = summary.features;
  json["features"] = {{"live", features.live},
                      {"cached", features.cached},
                      {"stale", features.stale},
                      {"defaulted", features.defaulted},
                      {"from_request", features.from_request},
                      {"degraded_rows", features.degraded_rows},
                      {"degraded_answers", features.degraded_answers}};
  if (const auto quality = QualityOf(summary.predictions, summary.labels); quality.has_value()) {
    json["quality"]["auc"] =
        quality->auc ? nlohmann::ordered_json(*quality->auc) : nlohmann::ordered_json();
    json["quality"]["brier"] = quality->brier;
    json["quality"]["rows"] = summary.labels.size();
  }
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace tournant::client
