#include "features/shared_layers_metrics.h"

#include <atomic>
#include <string>
#include <utility>
#include <vector>

namespace tournant {
namespace {

double Read(const Counter& counter) { return static_cast<double>(counter.value()); }

double Read(const std::atomic<int64_t>& gauge) {
  return static_cast<double>(gauge.load(std::memory_order_relaxed));
}

// A sample for each view and each of these of its numbers.
template <class Number>
MetricsRegistry::Read<MetricSample> EachView(
    const FeatureCaches& caches,
    std::vector<std::pair<const char*, Number CacheCounters::*>> outcomes) {
  return [&caches, outcomes = std::move(outcomes)] {
    std::vector<MetricSample> samples;
    caches.ForEachView([&](const std::string& view, const CacheCounters& counters) {
      for (const auto& [outcome, counter] : outcomes) {
        MetricLabels labels = {{"view", view}};
        if (outcome != nullptr) labels.emplace_back("outcome", outcome);
        samples.push_back({std::move(labels), Read(counters.*counter)});
      }
    });
    return samples;
  };
}

}  // namespace

void RegisterSharedLayers(const SharedLayers& layers, const FeatureCaches& caches,
                          MetricsRegistry& registry) {
  const CoalescingCounters& shared = layers.coalescing();
  registry.AddCounter("tournant_feature_shared_calls_total",
                      "Fetches that calls have asked the shared layers for.",
                      [&shared] { return Read(shared.calls); });
  registry.AddCounter("tournant_feature_joined_calls_total",
                      "Fetches of calls that only waited for rows that others had asked for.",
                      [&shared] { return Read(shared.joined_calls); });
  registry.AddCounter("tournant_feature_joined_rows_total",
                      "Rows that were on their way already when a call asked for them.",
                      [&shared] { return Read(shared.joined_rows); });
  registry.AddCounter("tournant_feature_shared_fetches_total",
                      "Fetches that were sent for the calls of a loop together.",
                      [&shared] { return Read(shared.fetches); });
  registry.AddCounter("tournant_feature_shared_rows_total",
                      "Rows in the fetches that were sent for calls together.",
                      [&shared] { return Read(shared.fetched_rows); });
  registry.AddCounter(
      "tournant_feature_abandoned_fetches_total",
      "Fetches sent for calls together that were cancelled since nobody waited any more.",
      [&shared] { return Read(shared.abandoned_fetches); });
  registry.AddCounter("tournant_feature_renewed_rows_total",
                      "Rows that came too late for the calls that had asked first, and were asked "
                      "for again for those with more time.",
                      [&shared] { return Read(shared.renewed_rows); });

  const BrownOutClient::Counters& brown_out = layers.brown_out();
  registry.AddCounters("tournant_feature_brownout_fetches_total",
                       "Fetches that a brown-out forbade, as a whole or in part.", [&brown_out] {
                         return std::vector<MetricSample>{
                             {{{"outcome", "refused"}}, Read(brown_out.refused)},
                             {{{"outcome", "trimmed"}}, Read(brown_out.trimmed)}};
                       });

  registry.AddCounters("tournant_feature_cache_rows_total", "Rows that were looked for in a cache.",
                       EachView<Counter>(caches, {{"hit", &CacheCounters::hits},
                                                  {"negative_hit", &CacheCounters::negative_hits},
                                                  {"miss", &CacheCounters::misses}}));
  registry.AddCounters("tournant_feature_cache_refreshes_total",
                       "Rows of a cache that were fetched again behind an answer.",
                       EachView<Counter>(caches, {{nullptr, &CacheCounters::refreshes}}));
  registry.AddCounters("tournant_feature_cache_failed_refreshes_total",
                       "Rows of a cache that were to be fetched again, which brought nothing.",
                       EachView<Counter>(caches, {{nullptr, &CacheCounters::failed_refreshes}}));
  registry.AddCounters("tournant_feature_cache_evictions_total",
                       "Rows of a cache that made room for others.",
                       EachView<Counter>(caches, {{nullptr, &CacheCounters::evictions}}));
  registry.AddGauges("tournant_feature_cache_entries", "Rows in a cache.",
                     EachView<std::atomic<int64_t>>(caches, {{nullptr, &CacheCounters::entries}}));
  registry.AddGauges("tournant_feature_cache_bytes",
                     "Memory of a cache, keys and bookkeeping included.",
                     EachView<std::atomic<int64_t>>(caches, {{nullptr, &CacheCounters::bytes}}));
}

}  // namespace tournant
