#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/feature_provenance.h"
#include "base/mutex.h"
#include "telemetry/counter.h"
#include "telemetry/metrics_registry.h"

namespace tournant {

// Where the cells of one view came from so far. Any thread.
class ViewCellCounters {
 public:
  void Add(const CellCounts& cells);
  CellCounts Read() const;

 private:
  Counter live_;
  Counter cached_;
  Counter stale_;
  Counter defaulted_;
  Counter from_request_;
};

// The cells of each view that bindings name, by its name there: all models and versions together.
// Owned by main, outlives the loader. Thread-safe.
class ViewCells {
 public:
  std::shared_ptr<ViewCellCounters> Open(const std::string& view);

  // tournant_feature_view_cells_total{view,outcome="live"|"cached"|"stale"|"defaulted"|
  //     "from_request"}. The registry's Text must not be called after this has gone.
  void RegisterWith(MetricsRegistry& registry) const;

 private:
  mutable Mutex mutex_;
  std::map<std::string, std::shared_ptr<ViewCellCounters>> views_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tournant
