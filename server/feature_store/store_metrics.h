#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "feature_store/status_counts.h"
#include "telemetry/call_metrics.h"
#include "telemetry/call_stats.h"
#include "telemetry/counter.h"
#include "telemetry/histogram.h"
#include "telemetry/metrics_registry.h"

namespace tournant {

// The methods of a feature store, as indices into CallMetrics.
enum class StoreMethod : size_t {
  kServingGetOnlineFeatures,
  kPythonGetOnlineFeatures,
  kGetFeastServingInfo,
  kPush,
  kWriteToOnlineStore,
  kHealthCheck,
  kHealthWatch,
};

// What a feature store has served and read. Owned by the server; outlives every call.
class StoreMetrics {
 public:
  StoreMetrics();

  // The RPCs, which the loop's thread counts.
  CallMetrics& calls() { return calls_; }
  // A read of the online store has ended. Any thread; a short lock.
  void OnRead(const absl::Status& status, Duration took);
  // An answer was put together, of so many rows. Any thread.
  void OnAnswer(size_t rows, const StatusCounts& cells);

  // grpc_server_call_* and
  //   tournant_feature_store_read_seconds{outcome}: OK, UNAVAILABLE, ...
  //   tournant_feature_store_rows_total, tournant_feature_store_cells_total{status}
  // The registry's Text must not be called after this object has gone.
  void RegisterWith(MetricsRegistry& registry) const;

 private:
  std::vector<HistogramSample> Reads() const;
  std::vector<MetricSample> Cells() const;

  CallMetrics calls_;
  const CallStats stats_;
  Counter rows_;
  std::array<Counter, kFieldStatuses> cells_;
  mutable Mutex mutex_;
  // By status code; a histogram takes one writer at a time.
  std::map<absl::StatusCode, std::unique_ptr<Histogram>> reads_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tournant
