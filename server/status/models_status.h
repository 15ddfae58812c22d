#pragma once

#include "models/registry.h"
#include "telemetry/status_source.h"

namespace tournant {

// Every known model version with its state, the reason where it is not served, and what it has done
// where it is. Any thread.
class ModelsStatus final : public StatusSource {
 public:
  // `registry` outlives it.
  explicit ModelsStatus(const ModelRegistry& registry) : registry_(registry) {}

  absl::string_view status_name() const override { return "models"; }
  // [{"model": "m", "version": 1, "state": "READY", "reason": "", ...}, ...]; of what serves also
  // "load_seconds", "warm_up_seconds", "calls": {"ok", "failed", "ok_seconds"}, "rows",
  // "executions", "batches": {"<rows>": executions}, all counted since it was loaded
  std::string StatusJson() const override;

 private:
  const ModelRegistry& registry_;
};

}  // namespace tournant
