#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>

#include "base/mutex.h"
#include "features/feature_client.h"
#include "features/fetch_outcome.h"
#include "telemetry/histogram.h"
#include "telemetry/latency_tracker.h"
#include "telemetry/log_limiter.h"

namespace tournant {

// The layer right above a backend's stub: counts how calls end and how long they take, and logs
// those that fail, one line in ten seconds for each
// outcome. Owned by its backend. Thread-safe.
class MeasuredClient final : public FeatureClient {
 public:
  struct Numbers {
    std::array<int64_t, kFetchOutcomes> outcomes{};
    HistogramSnapshot latency;  // Of all calls, in nanoseconds.
    HistogramSnapshot rows;
  };

  // `backend` is a name for the log. `next` and `tracker`, which learns from the good answers,
  // outlive it.
  MeasuredClient(std::string backend, FeatureClient& next, LatencyTracker& tracker)
      : backend_(std::move(backend)), next_(next), tracker_(tracker) {}

  Task<absl::StatusOr<FetchedFeatures>> Fetch(const CallContext& call,
                                              const FetchRequest& request) override;

  Numbers Read() const;

 private:
  void Record(const absl::Status& status, Duration took, int64_t rows, TimePoint now);

  const std::string backend_;
  FeatureClient& next_;
  LatencyTracker& tracker_;

  mutable Mutex mutex_;
  std::array<int64_t, kFetchOutcomes> outcomes_ ABSL_GUARDED_BY(mutex_){};
  // By outcome: one model with a wrong name must not hide an outage.
  std::array<LogLimiter, kFetchOutcomes> log_limiters_ ABSL_GUARDED_BY(mutex_);
  // Histograms take one writer at a time, and may be read without the lock.
  Histogram latency_;
  Histogram rows_;
};

}  // namespace tournant
