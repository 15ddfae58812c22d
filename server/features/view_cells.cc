#include "features/view_cells.h"

#include <utility>
#include <vector>

namespace tournant {

void ViewCellCounters::Add(const CellCounts& cells) {
  const auto add = [](Counter& counter, int64_t by) {
    if (by > 0) counter.Add(static_cast<uint64_t>(by));
  };
  add(live_, cells.live);
  add(cached_, cells.cached);
  add(stale_, cells.stale);
  add(defaulted_, cells.defaulted);
  add(from_request_, cells.from_request);
}

CellCounts ViewCellCounters::Read() const {
  const auto read = [](const Counter& counter) { return static_cast<int64_t>(counter.value()); };
  return {read(live_), read(cached_), read(stale_), read(defaulted_), read(from_request_)};
}

std::shared_ptr<ViewCellCounters> ViewCells::Open(const std::string& view) {
  MutexLock lock(mutex_);
  std::shared_ptr<ViewCellCounters>& counters = views_[view];
  if (counters == nullptr) counters = std::make_shared<ViewCellCounters>();
  return counters;
}

void ViewCells::RegisterWith(MetricsRegistry& registry) const {
  registry.AddCounters(
      "tournant_feature_view_cells_total",
      "Cells put into models' inputs, by the view of their feature and by where they came from.",
      [this] {
        std::vector<MetricSample> samples;
        MutexLock lock(mutex_);
        for (const auto& [view, counters] : views_) {
          const CellCounts cells = counters->Read();
          for (const auto& [outcome, count] : NamedCounts(cells)) {
            samples.push_back(
                {{{"view", view}, {"outcome", std::string(outcome)}}, static_cast<double>(count)});
          }
        }
        return samples;
      });
}

}  // namespace tournant
