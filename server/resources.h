#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "base/memory_budget.h"
#include "base/mutex.h"
#include "config.h"
#include "telemetry/status_source.h"

namespace tournant {

// What the machine and the control group give, and what the server makes of it: told in the log at
// start and shown in /status.json under "resources". Owned by main; any thread may read.
class Resources final : public StatusSource {
 public:
  explicit Resources(const Config& config);  // Logs the cores.

  // Adds up what may be needed and logs it. RESOURCE_EXHAUSTED when it does not fit into the limit
  // of the control group, unless --memory_check=false. Before the models are loaded, when their
  // files tell what they will need, and what it takes to try one: now, and later each time that a
  // new version comes while the one before serves.
  absl::Status CheckBeforeLoading();
  // The same once they are there; `cache_bytes` is what the caches of features may grow to.
  absl::Status CheckAfterLoading(int64_t cache_bytes);

  absl::string_view status_name() const override { return "resources"; }
  // {"cores": {...}, "memory": {part: bytes, ..., "headroom": bytes, "total": bytes, "limit":
  // bytes}}
  std::string StatusJson() const override;

 private:
  absl::Status Check(const char* when, int64_t model_bytes, int64_t cache_bytes);
  std::string CoresJson() const;

  const Config& config_;
  int64_t dry_run_bytes_ = 0;  // Main's thread.
  mutable Mutex mutex_;
  std::string memory_json_ ABSL_GUARDED_BY(mutex_) = "{}";
};

}  // namespace tournant
