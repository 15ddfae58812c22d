#include "status/cache_report.h"

#include <nlohmann/json.hpp>

namespace tournant {

std::string CacheReport::StatusJson() const {
  using Json = nlohmann::ordered_json;
  Json caches = Json::array();
  caches_.ForEachView([&](const std::string& view, const CacheCounters& counters) {
    caches.push_back({{"view", view},
                      {"entries", counters.entries.load(std::memory_order_relaxed)},
                      {"bytes", counters.bytes.load(std::memory_order_relaxed)},
                      {"hits", counters.hits.value()},
                      {"negative_hits", counters.negative_hits.value()},
                      {"misses", counters.misses.value()},
                      {"refreshes", counters.refreshes.value()},
                      {"evictions", counters.evictions.value()}});
  });
  return caches.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace tournant
