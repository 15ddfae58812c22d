#pragma once

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "base/mutex.h"
#include "base/thread.h"
#include "models/repository.h"
#include "models/repository_control.h"

namespace tournant {

// Reads the names of the models in the repository for calls that ask, in a thread of its own: the
// loader's may be busy for minutes with a model. Those that ask at the same time share one look.
//
// Owned by the loader, which starts and stops it.
class RepositoryLister {
 public:
  explicit RepositoryLister(const Repository& repository) : repository_(repository) {}
  ~RepositoryLister() { Stop(); }

  void Start();
  // Any thread. UNAVAILABLE once it has stopped.
  absl::Status List(std::shared_ptr<NamesJob> job);
  // Answers what is waiting and ends the thread.
  void Stop();

 private:
  void Run();

  const Repository& repository_;
  Mutex mutex_;
  CondVar work_;
  std::vector<std::shared_ptr<NamesJob>> jobs_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  Thread thread_;
};

}  // namespace tournant
