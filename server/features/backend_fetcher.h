#pragma once

#include "features/choose_backend.h"
#include "features/feature_client.h"

namespace tournant {

// What a fetch from the backends gave, and which of them were asked.
struct BackendAnswer {
  absl::StatusOr<FetchedFeatures> answer;
  BackendMask asked = 0;
};

// Fetches from one of a store's backends, or from several at once. Between the layers that know of
// one store and those that know of one backend. Thread-safe.
class BackendFetcher {
 public:
  virtual ~BackendFetcher() = default;

  // Like FeatureClient::Fetch. The backends in `avoid` are asked only if no other one can be.
  virtual Task<BackendAnswer> FetchFrom(const CallContext& call, const FetchRequest& request,
                                        BackendMask avoid) = 0;
};

}  // namespace tournant
