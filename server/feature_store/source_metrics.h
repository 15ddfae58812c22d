#pragma once

#include "feature_store/call_limit.h"
#include "feature_store/registry_source.h"
#include "telemetry/metrics_registry.h"

namespace tournant {

// What a feature store works with, which outlives the registry's last Text.

//   tournant_feature_store_calls, tournant_feature_store_call_bytes: in memory now
//   tournant_feature_store_limit_calls, tournant_feature_store_limit_call_bytes
//   tournant_feature_store_refused_calls_total{cause}
void RegisterCallLimit(const CallLimit& limit, MetricsRegistry& metrics);

//   tournant_feature_store_registry_written_time_seconds
//   tournant_feature_store_registry_reads_total{outcome}
//   tournant_feature_store_registry_outdated
void RegisterRegistrySource(const RegistrySource& source, MetricsRegistry& metrics);

}  // namespace tournant
