#pragma once

#include "models/registry.h"
#include "telemetry/status_source.h"

namespace tournant {

// Every known model version with its state, and the reason where it is not served. Any thread.
class ModelsStatus final : public StatusSource {
 public:
  // `registry` outlives it.
  explicit ModelsStatus(const ModelRegistry& registry) : registry_(registry) {}

  absl::string_view status_name() const override { return "models"; }
  // [{"model": "m", "version": 1, "state": "READY", "reason": ""}, ...]
  std::string StatusJson() const override;

 private:
  const ModelRegistry& registry_;
};

}  // namespace tournant
