#include "models/loader.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "models/private_directory.h"
#include "models/scan_model.h"
#include "telemetry/log.h"

namespace tournant {
namespace {

// How often the loader looks whether the last call has let go of a replaced version. Nothing waits
// for it; it only bounds how long the memory stays.
constexpr std::chrono::milliseconds kRetiredCheck{20};

constexpr char kAllModels[] = "*";
// No model has such a name.
constexpr char kConfigJson[] = ".config.json";
constexpr std::chrono::milliseconds kComeAgain{1000};

ModelUpdater::Options UpdaterOptions(const ModelLoader::Options& options) {
  return {options.limits, options.child_check};
}

}  // namespace

ModelLoader::ModelLoader(Options options, ModelRegistry& registry, ModelFactory& factory,
                         std::vector<LoadStep*> steps, const Clock& clock)
    : options_(std::move(options)),
      repository_(options_.repository, options_.model_name),
      registry_(registry),
      clock_(clock),
      updater_(UpdaterOptions(options_), registry, factory, std::move(steps), clock,
               stop_.get_token()),
      stillness_(options_.poll_period),
      lister_(repository_) {}

ModelLoader::~ModelLoader() { Stop(); }

void ModelLoader::Start() {
  MutexLock lock(mutex_);
  if (started_ || stopping_) return;
  started_ = true;
  ++scans_wanted_;
  thread_ = Thread("model-loader", [this] { Run(); }, Thread::Priority::kLow);
  lister_.Start();
}

absl::Status ModelLoader::LoadAll() {
  Start();
  MutexLock lock(mutex_);
  while (scans_done_ == 0 && !stopping_) done_.Wait(mutex_);
  if (scans_done_ == 0) return absl::CancelledError("the loader was stopped");
  return first_scan_;
}

void ModelLoader::Rescan() {
  if (options_.control == ModelControl::kExplicit) {
    Log(LogLevel::kWarning,
        "no rescan: with --model_control=explicit models are loaded by RepositoryModelLoad");
    return;
  }
  Log(LogLevel::kInfo, "rescanning the model repository");
  MutexLock lock(mutex_);
  ++scans_wanted_;
  work_.Signal();
}

absl::Status ModelLoader::Submit(std::shared_ptr<ControlJob> job) {
  MutexLock lock(mutex_);
  if (stopping_) return absl::UnavailableError("the server is shutting down");
  const int64_t bytes = job->override.bytes();
  if (jobs_.size() >= options_.most_jobs || job_bytes_ + bytes > options_.most_job_bytes) {
    return Overloaded("LOADER_BUSY", kComeAgain, "too many models wait to be loaded or unloaded");
  }
  job_bytes_ += bytes;
  jobs_.push_back(std::move(job));
  work_.Signal();
  return absl::OkStatus();
}

void ModelLoader::WaitForScans() {
  MutexLock lock(mutex_);
  const int64_t wanted = scans_wanted_;
  while (scans_done_ < wanted && !stopping_) done_.Wait(mutex_);
}

void ModelLoader::WaitUntilFreed() {
  WaitForScans();
  MutexLock lock(mutex_);
  while (retired_left_ > 0 && !stopping_) done_.Wait(mutex_);
}

void ModelLoader::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    work_.SignalAll();
    done_.SignalAll();
  }
  stop_.request_stop();
  thread_.Join();
  lister_.Stop();
  updater_.FreeAll();
  std::deque<std::shared_ptr<ControlJob>> left;
  {
    MutexLock lock(mutex_);
    left.swap(jobs_);
  }
  for (const auto& job : left) {
    Answer(*job, absl::UnavailableError("the server is shutting down"));
  }
}

void ModelLoader::Run() {
  FinishScan(1, LoadAtStart());
  for (;;) {
    ReportRetired();
    const Work work = NextWork();
    if (work.stop) return;
    if (work.job != nullptr) Carry(*work.job);
    if (work.scans > 0) {
      FinishScan(work.scans, Scan(/*retry=*/true, /*first=*/false));
    } else if (work.poll) {
      (void)Scan(/*retry=*/false, /*first=*/false);  // Logged what is wrong.
    }
    if (work.poll || work.scans > 0) next_poll_ = clock_.Now() + options_.poll_period;
  }
}

// Blocks until there is something to do, or something may have become free.
ModelLoader::Work ModelLoader::NextWork() {
  Work work;
  MutexLock lock(mutex_);
  const bool polls = options_.control == ModelControl::kPoll;
  if (!stopping_ && jobs_.empty() && scans_wanted_ == scans_done_) {
    Duration wait = retired_left_ > 0 ? Duration(kRetiredCheck) : Duration::max();
    if (polls) wait = std::min(wait, next_poll_ - clock_.Now());
    if (wait == Duration::max()) {
      work_.Wait(mutex_);
    } else if (wait > Duration::zero()) {
      work_.WaitFor(mutex_, wait);
    }
  }
  work.stop = stopping_;
  if (scans_wanted_ != scans_done_) work.scans = scans_wanted_;
  work.poll = polls && clock_.Now() >= next_poll_;
  if (!jobs_.empty()) {
    work.job = std::move(jobs_.front());
    jobs_.pop_front();
    job_bytes_ -= work.job->override.bytes();
  }
  return work;
}

void ModelLoader::ReportRetired() {
  const size_t left = updater_.FreeRetired();
  MutexLock lock(mutex_);
  if (retired_left_ == left) return;
  retired_left_ = left;
  done_.SignalAll();
}

void ModelLoader::FinishScan(int64_t scans, absl::Status status) {
  // Before whoever waits for the scan is told, so that he can wait for what it retired.
  const size_t left = updater_.FreeRetired();
  MutexLock lock(mutex_);
  if (scans_done_ == 0) {
    if (stopping_) return;
    first_scan_ = std::move(status);
  }
  scans_done_ = scans;
  retired_left_ = left;
  done_.SignalAll();
}

absl::Status ModelLoader::LoadAtStart() {
  absl::Status status;
  if (options_.control == ModelControl::kExplicit) {
    status = LoadNamed();
  } else {
    status = Scan(/*retry=*/true, /*first=*/true);
    if (unsettled_ > 0) {
      WaitForWriters();
      const absl::Status later = Scan(/*retry=*/false, /*first=*/false);
      if (status.ok()) {
        status = later;
      } else if (!later.ok()) {
        status = JoinErrors({status, later});
      }
    }
  }
  next_poll_ = clock_.Now() + options_.poll_period;
  registry_.EndStart(options_.control == ModelControl::kExplicit);
  return status;
}

// What somebody may still be writing gets its one period.
void ModelLoader::WaitForWriters() {
  Log(LogLevel::kInfo, "waiting for models that have just changed",
      {{"models", static_cast<int64_t>(unsettled_)}});
  MutexLock lock(mutex_);
  const TimePoint until = clock_.Now() + options_.poll_period;
  while (!stopping_ && scans_wanted_ == 1 && clock_.Now() < until) {
    work_.WaitFor(mutex_, until - clock_.Now());
  }
}

absl::Status ModelLoader::LoadNamed() {
  std::vector<ModelUpdater::Plan> plans;
  std::vector<absl::Status> errors;
  const auto all = repository_.Names();
  if (!all.ok()) return all.status();
  std::set<std::string> names(options_.load_at_start.begin(), options_.load_at_start.end());
  if (names.contains(kAllModels)) names = {all->begin(), all->end()};
  for (const std::string& name : names) {
    FoundModel found = repository_.Find(name);
    if (found.directory.empty()) {
      errors.push_back(absl::NotFoundError(
          absl::StrCat("--load_model: '", Quote(name), "': ", found.status.message())));
    } else {
      plans.push_back(updater_.MakePlan(std::move(found)));
    }
  }
  if (absl::Status status = Apply(plans); !status.ok()) errors.push_back(status);
  return options_.exit_on_error ? JoinErrors(errors) : absl::OkStatus();
}

absl::Status ModelLoader::Scan(bool retry, bool first) {
  const auto found = repository_.Scan();
  if (!found.ok()) {
    Log(LogLevel::kError, "the model repository cannot be read; nothing changes",
        {{"reason", found.status().message()}});
    return found.status();
  }
  unsettled_ = 0;
  std::vector<ModelUpdater::Plan> plans;
  for (const FoundModel& model : *found) {
    if (MayAct(model, first) && updater_.NeedsUpdate(model, retry)) {
      plans.push_back(updater_.MakePlan(model));
    }
  }
  std::vector<absl::Status> errors;
  if (absl::Status status = Apply(plans); !status.ok()) {
    if (absl::IsCancelled(status)) return status;
    errors.push_back(std::move(status));
  }
  RemoveGone(*found);

  if (found->empty() && (first || retry)) {
    if (options_.control == ModelControl::kNone) {
      errors.push_back(absl::FailedPreconditionError(repository_.WhyEmpty()));
    }
    Log(LogLevel::kWarning, repository_.WhyEmpty());
  }
  return options_.exit_on_error ? JoinErrors(errors) : absl::OkStatus();
}

absl::Status ModelLoader::Apply(const std::vector<ModelUpdater::Plan>& plans) {
  ModelUpdater::StillSame still;
  if (options_.control == ModelControl::kPoll) {
    still = [this](const FoundModel& model) {
      return repository_.Find(model.name).state == model.state;
    };
  }
  std::vector<absl::Status> errors;
  for (const ModelUpdater::Plan& plan : plans) {
    absl::Status status = updater_.Update(plan, still);
    if (absl::IsCancelled(status)) return status;
    if (absl::IsAborted(status)) {
      ++unsettled_;
    } else if (!status.ok()) {
      errors.push_back(std::move(status));
    }
  }
  return JoinErrors(errors);
}

bool ModelLoader::MayAct(const FoundModel& found, bool first) {
  if (options_.control != ModelControl::kPoll) return true;
  const TimePoint now = clock_.Now();
  // At start there is no earlier look to compare with: what changed last tells as much.
  if (first && found.changed <= clock_.WallNow() - options_.poll_period) {
    stillness_.Settle(found.name, found.state, now);
    return true;
  }
  if (stillness_.Settled(found.name, found.state, now)) return true;
  if (updater_.NeedsUpdate(found, /*retry=*/false)) ++unsettled_;
  return false;
}

void ModelLoader::RemoveGone(const std::vector<FoundModel>& found) {
  std::set<std::string> there;
  for (const FoundModel& model : found) there.insert(model.name);
  for (const std::string& name : updater_.names()) {
    if (there.contains(name)) continue;
    const bool polls = options_.control == ModelControl::kPoll;
    if (polls && !stillness_.Settled(name, "", clock_.Now())) continue;
    updater_.Remove(name);
  }
  const std::vector<std::string> names = updater_.names();
  there.insert(names.begin(), names.end());
  stillness_.KeepOnly(there);
}

void ModelLoader::Carry(ControlJob& job) {
  absl::Status result =
      job.kind == ControlJob::Kind::kLoad ? CarryLoad(job) : updater_.Unload(job.model);
  job.override = {};  // A large model's bytes need not wait for the call to go on.
  ReportRetired();    // So that whoever is answered can wait for what was replaced.
  Answer(job, std::move(result));
}

absl::Status ModelLoader::CarryLoad(const ControlJob& job) {
  const LoadOverride& override = job.override;
  std::unique_ptr<PrivateDirectory> files;  // Until the versions have been loaded from it.
  FoundModel found;
  if (override.files.empty()) {
    found = repository_.Find(job.model);
  } else if (absl::Status name = CheckModelName(job.model); !name.ok()) {
    return name;
  }
  if (!override.empty()) {
    auto made = PrivateDirectory::Make();
    if (!made.ok()) return made.status();
    files = *std::move(made);
    for (const auto& [path, bytes] : override.files) {
      absl::Status written = files->Write(std::filesystem::path(job.model) / path, bytes);
      if (!written.ok()) return written;
    }
    if (!override.files.empty()) found = ScanModel(files->path() / job.model, job.model);
    absl::Status written = files->Write(kConfigJson, *override.config_json);
    if (!written.ok()) return written;
    found.config_json = override.config_json;
    found.config_json_file = files->path() / kConfigJson;
  }
  if (found.directory.empty()) return found.status;
  if (override.empty() && !updater_.NeedsUpdate(found, /*retry=*/true)) return absl::OkStatus();
  const absl::Status status = updater_.Update(updater_.MakePlan(found));
  if (status.ok()) return status;
  return absl::Status(status.code(), ModelUpdater::Reason(found, status));
}

void ModelLoader::Answer(ControlJob& job, absl::Status result) {
  if (!job.Claim()) return;
  job.result = std::move(result);
  job.Resume();
}

}  // namespace tournant
