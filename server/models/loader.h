#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "base/thread.h"
#include "models/model_updater.h"
#include "models/registry.h"
#include "models/repository.h"
#include "models/repository_control.h"
#include "models/repository_lister.h"
#include "models/stillness.h"

namespace tournant {

// Keeps the registry in step with the model repository, or with what callers ask for. All work
// happens in a low-priority thread of its own, so that neither an event loop nor a worker ever
// waits for a load.
//
// Made, started and stopped by main. Registry, factory, steps and clock outlive it, and so do the
// event loops of the calls that await a job. The public methods may be called from any thread.
class ModelLoader final : public RepositoryControl {
 public:
  struct Options {
    std::filesystem::path repository;  // Messages show it as an absolute path.
    std::string model_name;            // Of the only model, where the repository holds its files.
    ModelControl control = ModelControl::kNone;
    std::chrono::milliseconds poll_period{15000};
    // kExplicit: the models to load at start; "*" stands for all.
    std::vector<std::string> load_at_start;
    LoadLimits limits;
    ChildCheckOptions child_check;  // No executable: models are loaded without a dry run.
    // A model that cannot be loaded makes LoadAll fail; else it is only UNAVAILABLE.
    bool exit_on_error = true;
    // Jobs that may wait, and the bytes of their overrides.
    size_t most_jobs = 1024;
    int64_t most_job_bytes = int64_t{1} << 30;
  };

  ModelLoader(Options options, ModelRegistry& registry, ModelFactory& factory,
              std::vector<LoadStep*> steps, const Clock& clock);
  ~ModelLoader() override;
  ModelLoader(const ModelLoader&) = delete;
  ModelLoader& operator=(const ModelLoader&) = delete;

  // Starts the thread, which loads at once what is to be loaded at start.
  void Start();
  // Start, and waits for that. All that is wrong, one line per error: a repository that cannot be
  // read, and, with exit_on_error, every model that failed and, without control, an empty
  // repository.
  absl::Status LoadAll();

  // Asks for a scan: new, changed and removed models. Returns at once. Failed ones are tried again.
  // Under explicit control it is logged and nothing happens.
  void Rescan();

  ModelControl mode() const override { return options_.control; }
  absl::Status Submit(std::shared_ptr<ControlJob> job) override;
  absl::Status List(std::shared_ptr<NamesJob> job) override { return lister_.List(std::move(job)); }

  // For tests and orderly scripts: until every scan asked for so far is done; and, further, until
  // every replaced version has been freed.
  void WaitForScans();
  void WaitUntilFreed();

  // Ends the thread; a dry run is broken off, a load is waited for, jobs that wait are answered.
  // Start cannot follow.
  void Stop();

 private:
  struct Work {
    bool stop = false;
    int64_t scans = 0;  // The number of scans that are wanted; 0: none.
    bool poll = false;  // It is time to look.
    std::shared_ptr<ControlJob> job;
  };

  void Run();
  Work NextWork();
  void ReportRetired();
  void FinishScan(int64_t scans, absl::Status status);

  absl::Status LoadAtStart();
  void WaitForWriters();
  absl::Status LoadNamed();
  absl::Status Scan(bool retry, bool first);
  absl::Status Apply(const std::vector<ModelUpdater::Plan>& plans);
  // Whether what was found of a model may be acted upon.
  bool MayAct(const FoundModel& found, bool first);
  void RemoveGone(const std::vector<FoundModel>& found);

  void Carry(ControlJob& job);
  absl::Status CarryLoad(const ControlJob& job);
  static void Answer(ControlJob& job, absl::Status result);

  const Options options_;
  const Repository repository_;
  ModelRegistry& registry_;
  const Clock& clock_;
  std::stop_source stop_;

  // The loader's thread only.
  ModelUpdater updater_;
  Stillness stillness_;
  TimePoint next_poll_{};
  size_t unsettled_ = 0;  // Models that the last scan left alone because they are being written.

  RepositoryLister lister_;

  Mutex mutex_;
  CondVar work_;
  CondVar done_;
  int64_t scans_wanted_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t scans_done_ ABSL_GUARDED_BY(mutex_) = 0;
  std::deque<std::shared_ptr<ControlJob>> jobs_ ABSL_GUARDED_BY(mutex_);
  int64_t job_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t retired_left_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status first_scan_ ABSL_GUARDED_BY(mutex_);
  bool started_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  Thread thread_;
};

}  // namespace tournant
