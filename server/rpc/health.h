#pragma once

#include <set>
#include <string>

#include "base/mutex.h"
#include "cq/health_service.h"
#include "models/registry.h"

namespace tournant {

// What the server says of itself, in grpc.health.v1 and in ServerLive/ServerReady: "" and "ready"
// and the service's full name follow readiness, "live" the watchdog, each model its own name.
// Thread-safe. `registry` and `service` outlive it.
class Health {
 public:
  Health(const ModelRegistry& registry, HealthService& service);

  void SetLive(bool live);
  // From here on the server is not ready, whatever its models say, and none of them is.
  void StartDraining();
  // Publishes what changed since the last call: models come and go.
  void Refresh();

  bool live() const;
  bool draining() const;
  bool ready() const;

 private:
  void RefreshLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const ModelRegistry& registry_;
  HealthService& service_;
  mutable Mutex mutex_;
  bool live_ ABSL_GUARDED_BY(mutex_) = true;
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  std::set<std::string> models_ ABSL_GUARDED_BY(mutex_);  // Every name ever published.
};

}  // namespace tournant
