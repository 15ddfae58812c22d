#include "cpp/quality.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace tournant::client {

std::optional<Quality> QualityOf(std::span<const double> scores, std::span<const char> labels) {
  if (scores.empty()) return std::nullopt;
  const size_t count = scores.size();
  Quality quality;
  double positives = 0;
  for (size_t i = 0; i < count; ++i) {
    const double distance = scores[i] - labels[i];
    quality.brier += distance * distance;
    positives += labels[i];
  }
  quality.brier /= static_cast<double>(count);
  const double negatives = static_cast<double>(count) - positives;
  if (positives == 0 || negatives == 0) return quality;

  // Mann and Whitney: from the ranks of the positive ones; equal scores share their mean rank.
  std::vector<size_t> order(count);
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return scores[a] < scores[b]; });
  double rank_sum = 0;
  for (size_t begin = 0; begin < count;) {
    size_t end = begin;
    double tied_positives = 0;
    do {
      tied_positives += labels[order[end]];
      ++end;
    } while (end < count && scores[order[end]] == scores[order[begin]]);
    // Ranks begin + 1 to end.
    rank_sum += tied_positives * (static_cast<double>(begin + 1 + end) / 2);
    begin = end;
  }
  quality.auc = (rank_sum - positives * (positives + 1) / 2) / (positives * negatives);
  return quality;
}

}  // namespace tournant::client
