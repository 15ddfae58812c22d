#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "config.h"
#include "feast/registry.h"
#include "feature_store/feature_store_server.h"
#include "feature_store/registry_source.h"
#include "feature_store/registry_watch.h"
#include "features/brown_out.h"
#include "features/feature_backend.h"
#include "features/layered_feature_client.h"

namespace tournant {

// Where features come from, as --feature_store says it: a store in this process, channels to
// another one, or nowhere. Owned by main, used on its thread but where it says otherwise.
class FeatureSource {
 public:
  // Errors name the flag. `clock`, which outlives the store, tells how old features are.
  static absl::StatusOr<FeatureSource> Open(const Config& config, const Clock& clock);

  // What Feast knows about them now; null when it cannot be read from here. Any thread.
  std::shared_ptr<const FeatureRegistry> registry() const;

  // The client with all its layers, once; null when there is no feature store. `brown_out` and this
  // outlive it.
  std::unique_ptr<LayeredFeatureClient> MakeClient(const BrownOut& brown_out);

  // After the client has gone.
  void Shutdown();

 private:
  static absl::StatusOr<FeatureSource> OpenEmbedded(const Config& config, const Clock& clock);
  static absl::StatusOr<FeatureSource> OpenRemote(const Config& config);

  std::vector<FeatureBackendParts> backends_;
  FeatureClientOptions options_;
  std::unique_ptr<FeatureStoreServer> embedded_;
  // Of a store elsewhere, where --feature_registry names a copy.
  std::unique_ptr<RegistrySource> registry_;
  std::unique_ptr<RegistryWatch> watch_;
};

}  // namespace tournant
