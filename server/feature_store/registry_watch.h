#pragma once

#include <chrono>
#include <functional>

#include "base/mutex.h"
#include "base/thread.h"
#include "feature_store/registry_source.h"

namespace tournant {

// A thread that looks at a registry's file again and again. Owned by the server.
class RegistryWatch {
 public:
  // Looks every `period` and calls `changed`, which may be empty, on its own thread whenever
  // another registry is in use. `source` outlives it.
  RegistryWatch(RegistrySource& source, std::chrono::milliseconds period,
                std::function<void()> changed);
  // When it returns, nothing is called any more.
  ~RegistryWatch();
  RegistryWatch(const RegistryWatch&) = delete;
  RegistryWatch& operator=(const RegistryWatch&) = delete;

 private:
  void Watch(std::chrono::milliseconds period);

  RegistrySource& source_;
  const std::function<void()> changed_;
  Mutex mutex_;
  CondVar ends_;
  bool watching_ ABSL_GUARDED_BY(mutex_) = true;
  Thread thread_;
};

}  // namespace tournant
