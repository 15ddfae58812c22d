#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/mutex.h"
#include "base/rng.h"
#include "features/breaker.h"
#include "features/feature_client.h"
#include "telemetry/latency_tracker.h"

namespace tournant {

// The layer that stops asking a backend that does not answer: UNAVAILABLE at once while its breaker
// is open. Logs each change of state. Owned by its backend. Thread-safe.
class BreakerClient final : public FeatureClient {
 public:
  // A good answer that took longer than `slow_after` counts as slow. `next` and `tracker` outlive
  // it.
  BreakerClient(std::string backend, FeatureClient& next, BreakerOptions options,
                Duration slow_after, const LatencyTracker& tracker, uint64_t seed);

  Task<absl::StatusOr<FetchedFeatures>> Fetch(const CallContext& call,
                                              const FetchRequest& request) override;

  struct Numbers {
    BreakerState state = BreakerState::kClosed;
    bool allows = true;                    // A call would be let through now.
    std::array<int64_t, 3> transitions{};  // Into each state.
    int64_t refused = 0;
  };
  Numbers Read(TimePoint now) const;
  bool Allows(TimePoint now) const;

 private:
  class Visit;

  std::optional<Breaker::Period> Enter(TimePoint now);
  void Leave(TimePoint now, Breaker::Period entered, Breaker::Verdict verdict);
  Breaker::Verdict Judge(const absl::Status& status, Duration took) const;
  void CountChange(BreakerState before) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Outside of the lock, since writing may take a while.
  void LogChange(BreakerState before, BreakerState after) const;

  const std::string backend_;
  FeatureClient& next_;
  const Duration slow_after_;
  const LatencyTracker& tracker_;

  mutable Mutex mutex_;
  SeededRng rng_ ABSL_GUARDED_BY(mutex_);
  Breaker breaker_ ABSL_GUARDED_BY(mutex_);
  std::array<int64_t, 3> transitions_ ABSL_GUARDED_BY(mutex_){};
  int64_t refused_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace tournant
