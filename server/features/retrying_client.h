#pragma once

#include "features/backend_fetcher.h"
#include "features/feature_client.h"
#include "features/retry_policy.h"
#include "features/token_budget.h"
#include "telemetry/counter.h"

namespace tournant {

// The layer that tries a fetch that did not reach its backend once more, at another backend if
// there is one. Bounded to a tenth of all fetches, so that a store in trouble is not asked more
// than before. Owned by the layered client. Thread-safe.
class RetryingClient final : public FeatureClient {
 public:
  struct Options {
    RetryPolicyOptions policy;
    TokenBudgetOptions budget{.per_call = 0.1, .most = 10, .at_start = 10};
  };

  // `next` outlives it.
  RetryingClient(BackendFetcher& next, Options options)
      : next_(next), options_(options), budget_(options.budget) {}

  Task<absl::StatusOr<FetchedFeatures>> Fetch(const CallContext& call,
                                              const FetchRequest& request) override;

  struct Numbers {
    uint64_t retries = 0;
    double tokens = 0;
  };
  Numbers Read() const { return {retries_.value(), budget_.tokens()}; }

 private:
  BackendFetcher& next_;
  const Options options_;
  TokenBudget budget_;
  Counter retries_;
};

}  // namespace tournant
