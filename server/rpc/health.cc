#include "rpc/health.h"

#include "inference/grpc_service.grpc.pb.h"

namespace tournant {

Health::Health(const ModelRegistry& registry, HealthService& service)
    : registry_(registry), service_(service) {
  Refresh();
}

void Health::SetLive(bool live) {
  MutexLock lock(mutex_);
  live_ = live;
  RefreshLocked();
}

void Health::StartDraining() {
  MutexLock lock(mutex_);
  draining_ = true;
  RefreshLocked();
}

void Health::Refresh() {
  MutexLock lock(mutex_);
  RefreshLocked();
}

bool Health::live() const {
  MutexLock lock(mutex_);
  return live_;
}

bool Health::draining() const {
  MutexLock lock(mutex_);
  return draining_;
}

bool Health::ready() const {
  {
    MutexLock lock(mutex_);
    if (draining_) return false;
  }
  return registry_.AllReady();
}

void Health::RefreshLocked() {
  const bool ready = !draining_ && registry_.AllReady();
  service_.Set("", ready);
  service_.Set("ready", ready);
  service_.Set(inference::GRPCInferenceService::service_full_name(), ready);
  service_.Set("live", live_);

  std::set<std::string> serving;
  for (const VersionStatus& status : registry_.List()) {
    models_.insert(status.model);
    if (status.state == VersionState::kReady && !draining_) serving.insert(status.model);
  }
  // A model that has gone is NOT_SERVING, not unknown: whoever watches it shall learn that it went.
  for (const std::string& model : models_) service_.Set(model, serving.count(model) > 0);
}

}  // namespace tournant
