#include "models/model_updater.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/status.h"
#include "models/choose_versions.h"
#include "telemetry/log.h"

namespace tournant {
namespace {

// What the version is made from: the model's files and its own.
std::string Sources(const FoundModel& found, const FoundVersion& version) {
  return absl::StrCat(found.fingerprint, "\n", version.fingerprint, "\n", version.status.message());
}

std::string Identity(const FoundModel& found) {
  std::string identity = absl::StrCat(found.status.message(), "\n", found.fingerprint, "\n");
  for (const FoundVersion& version : found.versions) {
    absl::StrAppend(&identity, version.number, "/ ", version.status.message(), "\n",
                    version.fingerprint);
  }
  return identity;
}

bool Contains(const std::vector<FoundVersion>& versions, int64_t number) {
  return std::any_of(versions.begin(), versions.end(),
                     [&](const FoundVersion& version) { return version.number == number; });
}

CheckRequest DryRun(const FoundModel& found, const FoundVersion& version) {
  CheckRequest request{version.directory};
  request.config_json = found.config_json_file;
  const bool flat = version.directory == found.directory;
  if (flat || found.directory.filename() != found.name) request.model_name = found.name;
  return request;
}

double MillisecondsSince(TimePoint begin, const Clock& clock) {
  return std::chrono::duration<double, std::milli>(clock.Now() - begin).count();
}

}  // namespace

ModelUpdater::ModelUpdater(Options options, ModelRegistry& registry, ModelFactory& factory,
                           std::vector<LoadStep*> steps, const Clock& clock, std::stop_token stop)
    : options_(std::move(options)),
      registry_(registry),
      factory_(factory),
      steps_(std::move(steps)),
      clock_(clock),
      stop_(std::move(stop)) {}

bool ModelUpdater::NeedsUpdate(const FoundModel& found, bool retry) const {
  const auto known = known_.find(found.name);
  if (known == known_.end() || known->second.identity != Identity(found)) return true;
  return retry && !known->second.complete;
}

ModelUpdater::Plan ModelUpdater::MakePlan(FoundModel found) {
  Plan plan;
  // What overrides make is like nothing else: neither the next nor the repository's own files.
  if (found.config_json) absl::StrAppend(&found.fingerprint, "override ", ++overrides_, "\n");
  plan.found = std::move(found);

  std::vector<std::string> warnings;
  absl::StatusOr<ModelConfig> config = ReadModelConfig(plan.found, options_.limits, warnings);
  for (const std::string& warning : warnings) {
    Log(LogLevel::kWarning, "a setting of the model has no effect", {{"what", warning}});
  }
  if (!config.ok()) {
    plan.status = config.status();
    return plan;
  }
  plan.config = *std::move(config);
  auto chosen = ChooseVersions(plan.config.version_policy, plan.found.versions);
  if (!chosen.ok()) {
    plan.status = Annotate(chosen.status(), plan.found.directory.native());
    return plan;
  }
  plan.chosen = *std::move(chosen);
  const Known& known = known_[plan.found.name];
  for (const FoundVersion& version : plan.chosen) {
    const auto served = known.served.find(version.number);
    if (served != known.served.end()) continue;
    registry_.MarkLoading(plan.found.name, version.number);
  }
  return plan;
}

absl::Status ModelUpdater::Update(const Plan& plan, const StillSame& still) {
  Known& known = known_[plan.found.name];
  known.complete = false;
  absl::Status status = plan.status;
  if (status.ok()) {
    status = LoadChosen(plan, known, still);
    if (absl::IsCancelled(status)) return status;
    if (absl::IsAborted(status)) {
      known.identity.clear();
      return status;
    }
  } else {
    NoteUnusable(plan, known);
  }
  ForgetFailures(plan, known);
  DropOthers(plan, status.ok(), known);
  registry_.ForgetUnloaded(plan.found.name);
  known.identity = Identity(plan.found);
  known.complete = status.ok();
  return status;
}

absl::Status ModelUpdater::LoadChosen(const Plan& plan, Known& known, const StillSame& still) {
  std::vector<absl::Status> errors;
  for (const FoundVersion& version : plan.chosen) {
    if (stop_.stop_requested()) return absl::CancelledError("the loader was stopped");
    const auto served = known.served.find(version.number);
    if (served != known.served.end() && served->second == Sources(plan.found, version)) {
      if (known.failed.erase(version.number) > 0) {
        registry_.ClearReason(plan.found.name, version.number);
      }
      continue;
    }
    absl::Status loaded = LoadOne(plan, version, still);
    if (absl::IsCancelled(loaded) || absl::IsAborted(loaded)) return loaded;
    if (loaded.ok()) {
      known.served[version.number] = Sources(plan.found, version);
      known.failed.erase(version.number);
    } else {
      Fail(plan.found, version.number, loaded, known);
      errors.push_back(std::move(loaded));
    }
  }
  return JoinErrors(errors);
}

absl::StatusOr<std::shared_ptr<ModelVersion>> ModelUpdater::Prepare(const Plan& plan,
                                                                    const FoundVersion& version) {
  if (version.status.ok() && !options_.child_check.executable.empty()) {
    absl::Status checked =
        CheckInChild(options_.child_check, DryRun(plan.found, version), clock_, stop_);
    if (!checked.ok()) return checked;
  }
  return LoadVersion(plan.found, version, plan.config, options_.limits, factory_, steps_);
}

absl::Status ModelUpdater::LoadOne(const Plan& plan, const FoundVersion& version,
                                   const StillSame& still) {
  const TimePoint begin = clock_.Now();
  auto loaded = Prepare(plan, version);
  if (absl::IsCancelled(loaded.status())) return loaded.status();
  if (still && !still(plan.found)) {
    Log(LogLevel::kInfo, "the files changed while they were being loaded; waiting",
        {{"model", plan.found.name}});
    return absl::AbortedError("the files changed while they were being loaded");
  }
  if (!loaded.ok()) return loaded.status();
  (*loaded)->load_time = clock_.Now() - begin;
  Retire(registry_.Publish(*std::move(loaded)));
  Log(LogLevel::kInfo, "model is being served",
      {{"model", plan.found.name},
       {"version", version.number},
       {"load_ms", MillisecondsSince(begin, clock_)}});
  return absl::OkStatus();
}

// No version could be chosen: the reason stands at those that are served all the same, else at the
// one that would be expected.
void ModelUpdater::NoteUnusable(const Plan& plan, Known& known) {
  const FoundModel& found = plan.found;
  std::vector<int64_t> versions;
  if (found.versions.empty() || known.served.empty()) {
    versions.push_back(found.versions.empty() ? 0 : found.versions.back().number);
  } else {
    for (const auto& [version, sources] : known.served) versions.push_back(version);
  }
  std::set<int64_t> before = std::exchange(known.failed, {});
  for (const int64_t version : versions) {
    before.erase(version);
    Fail(found, version, plan.status, known);
  }
  for (const int64_t version : before) {
    if (!known.served.contains(version)) registry_.Remove(found.name, version);
  }
}

void ModelUpdater::Fail(const FoundModel& found, int64_t version, const absl::Status& status,
                        Known& known) {
  known.failed.insert(version);
  registry_.MarkFailed(found.name, version, Reason(found, status));
  Log(LogLevel::kError, "model failed to load",
      {{"model", Quote(found.name)},
       {"version", version},
       {"reason", status.message()},
       {"still_served", known.served.contains(version)}});
}

// Failures of versions that nobody wants any more.
void ModelUpdater::ForgetFailures(const Plan& plan, Known& known) {
  if (!plan.status.ok()) return;
  std::erase_if(known.failed, [&](int64_t version) {
    if (Contains(plan.chosen, version)) return false;
    if (known.served.contains(version)) {
      registry_.ClearReason(plan.found.name, version);
    } else {
      registry_.Remove(plan.found.name, version);
    }
    return true;
  });
}

// A version that was replaced goes. When its successor did not load it stays, even without its
// directory where it is the last one; without any version directory the model has gone.
void ModelUpdater::DropOthers(const Plan& plan, bool all_loaded, Known& known) {
  const bool none_found = plan.found.versions.empty() && absl::IsNotFound(plan.found.status);
  std::vector<int64_t> others;
  for (const auto& [version, sources] : known.served) {
    if (!Contains(plan.chosen, version)) others.push_back(version);
  }
  for (const int64_t version : others) {
    const bool gone = plan.found.status.ok() && !Contains(plan.found.versions, version);
    if (all_loaded || none_found || (gone && known.served.size() > 1)) {
      Drop(plan.found.name, version, known);
    }
  }
}

void ModelUpdater::Drop(const std::string& name, int64_t version, Known& known) {
  known.served.erase(version);
  known.failed.erase(version);
  Retire(registry_.Remove(name, version));
  Log(LogLevel::kInfo, "model version is no longer served",
      {{"model", name}, {"version", version}});
}

void ModelUpdater::Remove(const std::string& name) {
  const auto found = known_.find(name);
  if (found == known_.end()) return;
  Known& known = found->second;
  while (!known.served.empty()) Drop(name, known.served.begin()->first, known);
  for (const int64_t version : known.failed) registry_.Remove(name, version);
  known_.erase(found);
}

absl::Status ModelUpdater::Unload(const std::string& name) {
  const auto found = known_.find(name);
  if (found == known_.end()) {
    if (registry_.Knows(name)) return absl::OkStatus();
    return registry_.Find(name).status();
  }
  Known& known = found->second;
  for (const auto& [version, sources] : known.served) {
    known.failed.erase(version);
    Retire(registry_.StartUnload(name, version), /*unloaded=*/true);
  }
  for (const int64_t version : known.failed) {
    if (version == 0) {
      registry_.Remove(name, version);
    } else {
      registry_.StartUnload(name, version);
    }
  }
  known_.erase(found);
  Log(LogLevel::kInfo, "model was unloaded", {{"model", name}});
  return absl::OkStatus();
}

void ModelUpdater::Retire(ModelHandle handle, bool unloaded) {
  if (!handle) return;
  Retired& retired = retired_.emplace_back();
  retired.name = handle->name;
  retired.version = handle->version;
  retired.unloaded = unloaded;
  retired.handle = std::move(handle);
}

size_t ModelUpdater::FreeRetired() {
  std::vector<Retired> left;
  for (Retired& retired : retired_) {
    // The registry has let go of these, so a count of one cannot rise again.
    if (retired.handle.use_count() > 1) {
      left.push_back(std::move(retired));
      continue;
    }
    retired.handle.reset();
    if (retired.unloaded) registry_.FinishUnload(retired.name, retired.version);
  }
  retired_ = std::move(left);
  return retired_.size();
}

std::vector<std::string> ModelUpdater::names() const {
  std::vector<std::string> names;
  names.reserve(known_.size());
  for (const auto& [name, known] : known_) names.push_back(name);
  return names;
}

std::string ModelUpdater::Reason(const FoundModel& found, const absl::Status& status) {
  if (found.directory.empty()) return absl::StrReplaceAll(status.message(), {{"\n", "; "}});
  const std::string& directory = found.directory.native();
  return absl::StrReplaceAll(status.message(), {{absl::StrCat(directory, "/"), found.name + "/"},
                                                {absl::StrCat(directory, ":"), found.name + ":"},
                                                {"\n", "; "}});
}

}  // namespace tournant
