#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cpp/feature_counts.h"
#include "cpp/latencies.h"
#include "cpp/quality.h"

namespace tournant::client {

// What a run of `tournant score` came to.
struct ScoreSummary {
  std::string model;
  std::string version;  // That answered, the last one where a new one came in the middle.
  int64_t rows = 0;     // Records of the file; each is scored or failed.
  int64_t scored = 0;
  int64_t failed = 0;
  int64_t requests = 0;
  double seconds = 0;
  Latencies latencies;                    // One for each request.
  std::map<std::string, int64_t> errors;  // Code -> rows.
  std::string first_error;
  FeatureCounts features;
  bool has_label = false;
  int64_t unlabelled = 0;  // Rows scored whose label is neither 0 nor 1.
  std::vector<double> predictions;
  std::vector<char> labels;  // One for each prediction.

  void AddError(absl::StatusCode code, const std::string& text, int64_t count);
};

// For a person, several lines.
std::string SummaryText(ScoreSummary& summary);
// One JSON object: model, version, rows, scored, failed, requests, seconds, rows_per_second,
// latency_ms {p50, p90, p99, max}, errors {CODE: rows}, features {live, cached, stale, defaulted,
// from_request, degraded_rows, degraded_answers}, and with labels quality {auc, brier, rows}.
std::string SummaryJson(ScoreSummary& summary);

}  // namespace tournant::client
