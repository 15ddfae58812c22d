#pragma once

#include <optional>
#include <span>
#include <vector>

namespace tournant::client {

// How well scores tell positive labels from negative ones.
struct Quality {
  // The chance that a positive one has the higher score, a tie counting half (area under the ROC
  // curve); nothing when one of the two kinds is missing.
  std::optional<double> auc;
  double brier = 0;  // Mean squared distance of score and label.
};

// `labels` are 0 or 1, one for each score. Nothing without scores.
std::optional<Quality> QualityOf(std::span<const double> scores, std::span<const char> labels);

}  // namespace tournant::client
