#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "features/backend_fetcher.h"
#include "features/brown_out.h"
#include "features/feature_backend.h"
#include "features/hedge_policy.h"
#include "features/token_budget.h"
#include "telemetry/counter.h"
#include "telemetry/latency_tracker.h"

namespace tournant {

// The layer that chooses the backend, and asks a second one when the first is slower than nearly
// all answers are. The first good answer wins; the other call is cancelled and waited for. Only a
// store with several backends is hedged, only within the token budget and not in a brown-out.
//
// Owned by the layered client. Thread-safe.
class HedgingFetcher final : public BackendFetcher {
 public:
  using Backends = std::vector<std::unique_ptr<FeatureBackend>>;
  struct Options {
    HedgePolicyOptions policy;
    TokenBudgetOptions budget{.per_call = 0.05, .most = 10, .at_start = 0};
  };

  // All but the options outlive it; `backends`, one at least, no longer change.
  HedgingFetcher(const Backends& backends, const LatencyTracker& tracker, const BrownOut& brown_out,
                 Options options)
      : backends_(backends),
        tracker_(tracker),
        brown_out_(brown_out),
        options_(options),
        budget_(options.budget) {}

  Task<BackendAnswer> FetchFrom(const CallContext& call, const FetchRequest& request,
                                BackendMask avoid) override;

  struct Numbers {
    uint64_t won = 0;         // The second call brought the answer.
    uint64_t lost = 0;        // It was sent for nothing.
    uint64_t suppressed = 0;  // It was due, and not sent.
    double tokens = 0;
  };
  Numbers Read() const;

 private:
  std::optional<size_t> Choose(TimePoint now, BackendMask avoid);
  // The backend to ask besides `first`, paid for; nothing: none.
  std::optional<size_t> ChooseSecond(TimePoint now, size_t first);
  Task<BackendAnswer> Race(const CallContext& call, const FetchRequest& request, size_t first,
                           TimePoint hedge_at);

  const Backends& backends_;
  const LatencyTracker& tracker_;
  const BrownOut& brown_out_;
  const Options options_;
  TokenBudget budget_;
  std::atomic<uint64_t> turn_{0};
  Counter won_;
  Counter lost_;
  Counter suppressed_;
};

}  // namespace tournant
