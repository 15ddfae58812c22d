#pragma once

#include <string>

#include "features/feature_caches.h"
#include "telemetry/status_source.h"

namespace tournant {

// What the caches of feature views hold and how often they were of use. Any thread.
class CacheReport final : public StatusSource {
 public:
  // `caches` outlives it.
  explicit CacheReport(const FeatureCaches& caches) : caches_(caches) {}

  absl::string_view status_name() const override { return "caches"; }
  // [{"view", "entries", "bytes", "hits", "negative_hits", "misses", "refreshes", "evictions"}]
  std::string StatusJson() const override;

 private:
  const FeatureCaches& caches_;
};

}  // namespace tournant
