#include "models/registry.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "base/triton_code.h"
#include "models/version_number.h"

namespace tournant {
namespace {

// Triton's word for it.
constexpr char kUnloaded[] = "unloaded";

std::string Unknown(absl::string_view name) {
  return absl::StrCat("Request for unknown model: '", Quote(name), "'");
}

// In Triton's words: one text for what is no integer, another for one that is out of range. It
// takes more for an integer than we do ("01", "1a", "+1").
absl::Status BadVersion(absl::string_view version) {
  int64_t number = 0;
  const absl::string_view stem =
      absl::SimpleAtoi(version, &number)
          ? "invalid model version specified '"
          : "failed to get model version from specified version string '";
  return InvalidField("model_version",
                      absl::StrCat(stem, Quote(version),
                                   "', version should be an integral value > 0, as digits only"));
}

// A version that is known and does not serve will soon while it is loading, and may never
// otherwise: a caller should try again only then. Triton has one code for both.
absl::Status NotServing(VersionState state, absl::StatusCode triton_code,
                        absl::string_view message) {
  const bool soon = state == VersionState::kLoading || state == VersionState::kUnloading;
  return WithTritonCode(soon ? absl::UnavailableError(message) : absl::NotFoundError(message),
                        triton_code);
}

// What keeps an entry from serving: "version 2 is loading", "version 2: no such file".
std::string WhyNotReady(int64_t version, VersionState state, const std::string& reason) {
  if (state == VersionState::kLoading) return absl::StrCat("version ", version, " is loading");
  if (state == VersionState::kUnloading) return absl::StrCat("version ", version, " is unloading");
  if (version == 0) return reason;
  return absl::StrCat("version ", version, ": ", reason);
}

}  // namespace

absl::string_view VersionStateName(VersionState state) {
  switch (state) {
    case VersionState::kLoading:
      return "LOADING";
    case VersionState::kReady:
      return "READY";
    case VersionState::kUnavailable:
      return "UNAVAILABLE";
    case VersionState::kUnloading:
      return "UNLOADING";
  }
  return "UNKNOWN";
}

absl::StatusOr<ModelHandle> ModelRegistry::Find(absl::string_view name,
                                                absl::string_view version) const {
  int64_t number = 0;
  if (!version.empty()) {
    const std::optional<int64_t> parsed = ParseVersionNumber(version);
    if (!parsed) return BadVersion(version);
    number = *parsed;
  }

  MutexLock lock(mutex_);
  const auto model = models_.find(name);
  if (model == models_.end()) {
    return absl::NotFoundError(absl::StrCat(Unknown(name), " is not found"));
  }

  const std::map<int64_t, Entry>& versions = model->second.versions;
  if (version.empty()) {
    if (model->second.highest != nullptr) return model->second.highest->handle;
    // One that is loading tells more than a higher one that has failed.
    auto told = versions.rbegin();
    for (auto entry = versions.rbegin(); entry != versions.rend(); ++entry) {
      if (entry->second.state != VersionState::kLoading) continue;
      told = entry;
      break;
    }
    const auto& [number_told, entry] = *told;
    return NotServing(entry.state, absl::StatusCode::kNotFound,
                      absl::StrCat(Unknown(name), " has no available versions: ",
                                   WhyNotReady(number_told, entry.state, entry.reason)));
  }

  const auto found = versions.find(number);
  if (found == versions.end()) {
    return absl::NotFoundError(absl::StrCat(Unknown(name), " version ", number, " is not found"));
  }
  const Entry& entry = found->second;
  if (entry.handle) return entry.handle;
  return NotServing(entry.state, absl::StatusCode::kUnavailable,
                    absl::StrCat(Unknown(name), " version ", number, " is not at ready state: ",
                                 WhyNotReady(number, entry.state, entry.reason)));
}

bool ModelRegistry::Knows(absl::string_view name, absl::string_view version) const {
  MutexLock lock(mutex_);
  const auto model = models_.find(name);
  if (model == models_.end()) return false;
  if (version.empty()) return true;
  const std::optional<int64_t> number = ParseVersionNumber(version);
  return number && model->second.versions.contains(*number);
}

std::vector<int64_t> ModelRegistry::ReadyVersions(absl::string_view name) const {
  std::vector<int64_t> ready;
  MutexLock lock(mutex_);
  const auto model = models_.find(name);
  if (model == models_.end()) return ready;
  for (const auto& [version, entry] : model->second.versions) {
    if (entry.handle) ready.push_back(version);
  }
  return ready;
}

std::vector<ModelHandle> ModelRegistry::Serving(absl::string_view name) const {
  std::vector<ModelHandle> serving;
  {
    MutexLock lock(mutex_);
    for (const auto& [model, known] : models_) {
      if (!name.empty() && model != name) continue;
      for (const auto& [version, entry] : known.versions) {
        if (entry.handle) serving.push_back(entry.handle);
      }
    }
  }
  std::sort(serving.begin(), serving.end(), [](const ModelHandle& a, const ModelHandle& b) {
    return std::tie(a->name, a->version) < std::tie(b->name, b->version);
  });
  return serving;
}

ModelRegistry::Known& ModelRegistry::ModelOf(const std::string& name) {
  const auto [model, is_new] = models_.try_emplace(name);
  if (is_new) model->second.awaited = !on_demand_;
  return model->second;
}

void ModelRegistry::FindHighest(Known& model) {
  model.highest = nullptr;
  for (const auto& [version, entry] : model.versions) {
    if (entry.handle) model.highest = &entry;
  }
}

void ModelRegistry::MarkLoading(const std::string& name, int64_t version) {
  MutexLock lock(mutex_);
  Entry& entry = EntryOf(name, version);
  if (entry.handle) return;
  entry.state = VersionState::kLoading;
  entry.reason.clear();
  entry.unloaded = false;
}

void ModelRegistry::MarkFailed(const std::string& name, int64_t version,
                               const std::string& reason) {
  MutexLock lock(mutex_);
  Entry& entry = EntryOf(name, version);
  entry.reason = reason;
  entry.unloaded = false;
  if (!entry.handle) entry.state = VersionState::kUnavailable;
}

void ModelRegistry::ClearReason(const std::string& name, int64_t version) {
  MutexLock lock(mutex_);
  Entry& entry = EntryOf(name, version);
  if (entry.handle) entry.reason.clear();
}

ModelHandle ModelRegistry::Publish(ModelHandle version) {
  MutexLock lock(mutex_);
  Known& model = ModelOf(version->name);
  Entry& entry = model.versions[version->version];
  entry.state = VersionState::kReady;
  entry.reason.clear();
  entry.unloaded = false;
  ModelHandle before = std::exchange(entry.handle, std::move(version));
  FindHighest(model);
  return before;
}

ModelHandle ModelRegistry::Remove(const std::string& name, int64_t version) {
  MutexLock lock(mutex_);
  const auto model = models_.find(name);
  if (model == models_.end()) return nullptr;
  const auto found = model->second.versions.find(version);
  if (found == model->second.versions.end()) return nullptr;
  ModelHandle handle = std::move(found->second.handle);
  model->second.versions.erase(found);
  FindHighest(model->second);
  if (model->second.versions.empty()) models_.erase(model);
  return handle;
}

ModelHandle ModelRegistry::StartUnload(const std::string& name, int64_t version) {
  MutexLock lock(mutex_);
  Known& model = ModelOf(name);
  Entry& entry = model.versions[version];
  entry.state = entry.handle ? VersionState::kUnloading : VersionState::kUnavailable;
  entry.reason = entry.handle ? "" : kUnloaded;
  entry.unloaded = true;
  ModelHandle handle = std::exchange(entry.handle, nullptr);
  FindHighest(model);
  return handle;
}

void ModelRegistry::FinishUnload(const std::string& name, int64_t version) {
  MutexLock lock(mutex_);
  const auto model = models_.find(name);
  if (model == models_.end()) return;
  const auto found = model->second.versions.find(version);
  // It may have been asked for again meanwhile.
  if (found == model->second.versions.end() || !found->second.unloaded) return;
  found->second.state = VersionState::kUnavailable;
  found->second.reason = kUnloaded;
}

void ModelRegistry::ForgetUnloaded(const std::string& name) {
  MutexLock lock(mutex_);
  const auto model = models_.find(name);
  if (model == models_.end()) return;
  std::erase_if(model->second.versions, [](const auto& entry) { return entry.second.unloaded; });
  if (model->second.versions.empty()) models_.erase(model);
}

void ModelRegistry::EndStart(bool on_demand) {
  MutexLock lock(mutex_);
  started_ = true;
  on_demand_ = on_demand;
}

std::vector<VersionStatus> ModelRegistry::List() const {
  std::vector<VersionStatus> list;
  {
    MutexLock lock(mutex_);
    for (const auto& [name, model] : models_) {
      for (const auto& [version, entry] : model.versions) {
        list.push_back({name, version, entry.state, entry.reason, entry.unloaded});
      }
    }
  }
  std::sort(list.begin(), list.end(), [](const VersionStatus& a, const VersionStatus& b) {
    return std::tie(a.model, a.version) < std::tie(b.model, b.version);
  });
  return list;
}

bool ModelRegistry::AllReady() const {
  MutexLock lock(mutex_);
  if (models_.empty()) return on_demand_;
  size_t ready = 0;
  for (const auto& [name, model] : models_) {
    if (Missing(model)) return false;
    ready += model.highest != nullptr ? 1 : 0;
  }
  return ready > 0 || on_demand_;
}

bool ModelRegistry::Missing(const Known& model) const {
  if (model.highest != nullptr || !model.awaited) return false;
  bool all_unloaded = true;
  for (const auto& [version, entry] : model.versions) {
    // Whoever is served goes on being served while another model comes.
    if (started_ && entry.state == VersionState::kLoading) return false;
    all_unloaded = all_unloaded && entry.unloaded;
  }
  return !all_unloaded;
}

}  // namespace tournant
