#include "status/latency_report.h"

#include <cstdint>
#include <nlohmann/json.hpp>

namespace tournant {
namespace {

using Json = nlohmann::ordered_json;

// 1 us to 69 s in nanoseconds, two to each doubling: bounds of the histogram's own buckets.
std::vector<uint64_t> Bounds() {
  std::vector<uint64_t> bounds;
  for (int bits = 10; bits <= 36; ++bits) {
    bounds.push_back(uint64_t{1} << bits);
    bounds.push_back(uint64_t{3} << (bits - 1));
  }
  return bounds;
}

double Seconds(uint64_t nanoseconds) { return static_cast<double>(nanoseconds) * 1e-9; }

}  // namespace

std::string LatencyReport::StatusJson() const {
  const std::vector<uint64_t> bounds = Bounds();
  Json status = {{"bounds", Json::array()}, {"phases", Json::object()}};
  for (const uint64_t bound : bounds) status["bounds"].push_back(Seconds(bound));
  for (size_t i = 0; i < kEndPhase; ++i) {
    const auto phase = static_cast<Phase>(i);
    HistogramSnapshot sum;
    for (const CallMetrics* loop : loops_) sum.Merge(loop->phase_time(phase));
    Json& counts = status["phases"][std::string(PhaseName(phase))] = Json::array();
    for (const uint64_t bound : bounds) counts.push_back(sum.CountUpTo(bound));
    counts.push_back(sum.count());
  }
  return status.dump();
}

std::string AnswerFeaturesReport::StatusJson() const {
  Json cells = Json::object();
  int64_t degraded = 0;
  int64_t exhausted = 0;
  HistogramSnapshot age;
  for (size_t i = 0; i < CallMetrics::kCellOutcomes; ++i) {
    int64_t count = 0;
    for (const CallMetrics* loop : loops_) count += loop->cells(i);
    cells[std::string(CallMetrics::CellOutcomeName(i))] = count;
  }
  for (const CallMetrics* loop : loops_) {
    degraded += loop->degraded();
    exhausted += loop->budgets_exhausted();
    age.Merge(loop->feature_age());
  }
  const auto quantile = [&](double q) { return static_cast<double>(age.Quantile(q)) * 1e-3; };
  const Json status = {{"cells", std::move(cells)},
                       {"degraded_answers", degraded},
                       {"budgets_exhausted", exhausted},
                       {"oldest_age_seconds",
                        {{"count", age.count()}, {"p50", quantile(0.5)}, {"p99", quantile(0.99)}}}};
  return status.dump();
}

}  // namespace tournant
