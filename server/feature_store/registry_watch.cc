#include "feature_store/registry_watch.h"

#include <utility>

namespace tournant {

RegistryWatch::RegistryWatch(RegistrySource& source, std::chrono::milliseconds period,
                             std::function<void()> changed)
    : source_(source),
      changed_(std::move(changed)),
      thread_("registry", [this, period] { Watch(period); }) {}

RegistryWatch::~RegistryWatch() {
  {
    MutexLock lock(mutex_);
    watching_ = false;
  }
  ends_.SignalAll();
  thread_.Join();
}

void RegistryWatch::Watch(std::chrono::milliseconds period) {
  MutexLock lock(mutex_);
  while (watching_) {
    ends_.WaitFor(mutex_, period);
    if (!watching_) return;
    if (source_.Look() && changed_) changed_();
  }
}

}  // namespace tournant
