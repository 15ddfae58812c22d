#include "feature_source.h"

#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "base/flags.h"
#include "base/rng.h"
#include "base/status.h"
#include "feature_store/feature_store_options.h"
#include "features/grpc_feature_client.h"
#include "features/grpc_store_address.h"
#include "features/grpc_store_backends.h"

namespace tournant {

absl::StatusOr<FeatureSource> FeatureSource::Open(const Config& config, const Clock& clock) {
  absl::StatusOr<FeatureSource> source = FeatureSource();
  if (absl::StartsWith(config.feature_store, "grpc:")) {
    source = OpenRemote(config);
  } else if (!config.feature_store.empty()) {
    source = OpenEmbedded(config, clock);
  }
  if (!source.ok()) return Annotate(source.status(), "--feature_store");
  source->options_.shared.emplace();
  source->options_.shared->caching.refresh_timeout = config.feature_timeout;
  if (!config.feature_row_batching) source->options_.shared->coalescing.max_rows = 1;
  return source;
}

absl::StatusOr<FeatureSource> FeatureSource::OpenEmbedded(const Config& config,
                                                          const Clock& clock) {
  FeatureSource source;
  const absl::StatusOr<FeatureStoreOptions> options =
      ParseEmbeddedFeatureStore(config.feature_store, Environment());
  if (!options.ok()) return options.status();
  auto embedded = FeatureStoreServer::Start(*options, clock);
  if (!embedded.ok()) return embedded.status();
  source.embedded_ = *std::move(embedded);
  FeatureBackendParts& backend = source.backends_.emplace_back();
  backend.name = "embedded";
  const std::string method = GrpcStoreAddress().method;
  const auto attempts = std::make_shared<AttemptMetrics>(method, "embedded");
  backend.stub =
      std::make_unique<GrpcFeatureClient>(source.embedded_->InProcessChannel(), method, attempts);
  backend.attempts = attempts;
  source.options_ = FeatureClientOptions::Embedded(config.feature_timeout);
  return source;
}

absl::StatusOr<FeatureSource> FeatureSource::OpenRemote(const Config& config) {
  FeatureSource source;
  const absl::StatusOr<GrpcStoreAddress> address = ParseGrpcStoreAddress(config.feature_store);
  if (!address.ok()) return address.status();
  if (!config.feature_registry.empty()) {
    auto registry = RegistrySource::Open(config.feature_registry, address->project, {});
    if (!registry.ok()) return registry.status();
    source.registry_ = *std::move(registry);
    source.watch_ = std::make_unique<RegistryWatch>(*source.registry_,
                                                    FeatureStoreOptions().registry_period, nullptr);
  }
  source.backends_ = DialFeatureStore(*address, config.max_message_bytes);
  source.options_ = FeatureClientOptions::Remote(config.feature_timeout);
  source.options_.backend.limit.most = address->max_in_flight;
  source.options_.seed = RandomSeed();
  return source;
}

std::shared_ptr<const FeatureRegistry> FeatureSource::registry() const {
  if (embedded_ != nullptr) return embedded_->registry();
  return registry_ != nullptr ? registry_->registry() : nullptr;
}

std::unique_ptr<LayeredFeatureClient> FeatureSource::MakeClient(const BrownOut& brown_out) {
  if (backends_.empty()) return nullptr;
  return MakeFeatureClient(std::move(backends_), brown_out, options_);
}

void FeatureSource::Shutdown() {
  watch_.reset();
  if (embedded_ != nullptr) embedded_->Shutdown(std::chrono::milliseconds(0));
}

}  // namespace tournant
