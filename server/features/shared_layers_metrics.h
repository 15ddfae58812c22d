#pragma once

#include "features/feature_caches.h"
#include "features/shared_layers.h"
#include "telemetry/metrics_registry.h"

namespace tournant {

// Registers the numbers of the layers that calls share. The registry's Text must not be called
// after either has gone.
//   tournant_feature_shared_calls_total, tournant_feature_joined_calls_total,
//   tournant_feature_joined_rows_total
//   tournant_feature_shared_fetches_total, tournant_feature_shared_rows_total,
//   tournant_feature_abandoned_fetches_total, tournant_feature_renewed_rows_total
//   tournant_feature_cache_rows_total{view,outcome="hit"|"negative_hit"|"miss"}
//   tournant_feature_cache_refreshes_total{view},
//   tournant_feature_cache_failed_refreshes_total{view}
//   tournant_feature_cache_evictions_total{view}
//   tournant_feature_cache_entries{view}, tournant_feature_cache_bytes{view}
//   tournant_feature_brownout_fetches_total{outcome="refused"|"trimmed"}
void RegisterSharedLayers(const SharedLayers& layers, const FeatureCaches& caches,
                          MetricsRegistry& registry);

}  // namespace tournant
