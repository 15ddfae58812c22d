#pragma once

#include <string>
#include <utility>
#include <vector>

#include "telemetry/call_metrics.h"
#include "telemetry/status_source.h"

namespace tournant {

// How long calls stay in each phase, as counts of a histogram since the start: who reads it twice
// knows the quantiles of the time in between. Any thread; the metrics outlive it.
class LatencyReport final : public StatusSource {
 public:
  explicit LatencyReport(std::vector<const CallMetrics*> loops) : loops_(std::move(loops)) {}

  absl::string_view status_name() const override { return "latency"; }
  // {"bounds": [0.000001024, ...], "phases": {"Queued": [calls that took up to the first bound,
  //  up to the second, ..., all], ...}}. Bounds are in seconds.
  std::string StatusJson() const override;

 private:
  const std::vector<const CallMetrics*> loops_;
};

// Where the features of answers came from, and how old they were. Any thread; the metrics outlive
// it.
class AnswerFeaturesReport final : public StatusSource {
 public:
  explicit AnswerFeaturesReport(std::vector<const CallMetrics*> loops) : loops_(std::move(loops)) {}

  absl::string_view status_name() const override { return "features"; }
  // {"cells": {"live": 7, ...}, "degraded_answers", "budgets_exhausted",
  //  "oldest_age_seconds": {"count", "p50", "p99"}}
  std::string StatusJson() const override;

 private:
  const std::vector<const CallMetrics*> loops_;
};

}  // namespace tournant
