#include "models/repository_lister.h"

#include <chrono>
#include <utility>

#include "base/status.h"

namespace tournant {
namespace {

// Far more calls than can wait for one look at a directory, unless the file system hangs.
constexpr size_t kMostWaiting = 4096;
constexpr std::chrono::milliseconds kComeAgain{1000};

}  // namespace

void RepositoryLister::Start() {
  MutexLock lock(mutex_);
  if (stopping_ || thread_.joinable()) return;
  thread_ = Thread("model-index", [this] { Run(); }, Thread::Priority::kLow);
}

absl::Status RepositoryLister::List(std::shared_ptr<NamesJob> job) {
  MutexLock lock(mutex_);
  if (stopping_) return absl::UnavailableError("the server is shutting down");
  if (jobs_.size() >= kMostWaiting) {
    return Overloaded("LOADER_BUSY", kComeAgain, "too many calls wait for the repository's index");
  }
  jobs_.push_back(std::move(job));
  work_.Signal();
  return absl::OkStatus();
}

void RepositoryLister::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    work_.SignalAll();
  }
  thread_.Join();
}

void RepositoryLister::Run() {
  for (;;) {
    std::vector<std::shared_ptr<NamesJob>> jobs;
    {
      MutexLock lock(mutex_);
      while (jobs_.empty() && !stopping_) work_.Wait(mutex_);
      if (jobs_.empty()) return;
      jobs.swap(jobs_);
    }
    const auto names = repository_.Names();
    for (const std::shared_ptr<NamesJob>& job : jobs) {
      if (!job->Claim()) continue;
      job->result = names;
      job->Resume();
    }
  }
}

}  // namespace tournant
