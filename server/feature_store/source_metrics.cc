#include "feature_store/source_metrics.h"

#include <vector>

namespace tournant {

void RegisterCallLimit(const CallLimit& limit, MetricsRegistry& metrics) {
  metrics.AddGauge("tournant_feature_store_calls",
                   "Calls of GetOnlineFeatures that are being answered.",
                   [&limit] { return static_cast<double>(limit.calls()); });
  metrics.AddGauge("tournant_feature_store_call_bytes",
                   "Bytes of the requests and answers of calls that are being answered.",
                   [&limit] { return static_cast<double>(limit.bytes()); });
  metrics.AddGauge("tournant_feature_store_limit_calls", "Calls beyond which one is refused.",
                   [&limit] { return static_cast<double>(limit.options().max_calls); });
  metrics.AddGauge("tournant_feature_store_limit_call_bytes",
                   "Bytes of requests and answers beyond which a call is refused.",
                   [&limit] { return static_cast<double>(limit.options().max_bytes); });
  metrics.AddCounters(
      "tournant_feature_store_refused_calls_total",
      "Calls that were RESOURCE_EXHAUSTED, by what there was too much of.", [&limit] {
        return std::vector<MetricSample>{
            {{{"cause", "too_many_calls"}}, static_cast<double>(limit.refused_for_calls())},
            {{{"cause", "too_many_bytes"}}, static_cast<double>(limit.refused_for_bytes())}};
      });
}

void RegisterRegistrySource(const RegistrySource& source, MetricsRegistry& metrics) {
  metrics.AddGauge("tournant_feature_store_registry_written_time_seconds",
                   "When the registry file in use was written, in seconds since 1970.",
                   [&source] { return source.written(); });
  metrics.AddCounters(
      "tournant_feature_store_registry_reads_total",
      "Looks at a registry file that was new: it is used since, or refused as broken or gone.",
      [&source] {
        return std::vector<MetricSample>{
            {{{"outcome", "used"}}, static_cast<double>(source.used())},
            {{{"outcome", "refused"}}, static_cast<double>(source.refused())}};
      });
  metrics.AddGauge("tournant_feature_store_registry_outdated",
                   "1: the registry file is another than the one in use, and could not be read.",
                   [&source] { return source.outdated() ? 1 : 0; });
}

}  // namespace tournant
