#include "feature_store/registry_source.h"

#include <sys/stat.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "telemetry/log.h"

namespace tournant {
namespace {

// Equal for two looks at a file between which nobody wrote it; empty when there is none.
std::string StateOf(const std::string& path) {
  struct stat info{};
  if (stat(path.c_str(), &info) != 0) return "";
  return absl::StrCat(info.st_dev, " ", info.st_ino, " ", info.st_size, " ", info.st_mtim.tv_sec,
                      ".", info.st_mtim.tv_nsec, " ", info.st_ctim.tv_sec, ".",
                      info.st_ctim.tv_nsec);
}

absl::StatusOr<std::shared_ptr<const FeatureRegistry>> Read(const std::string& path,
                                                            const std::string& project,
                                                            const RegistrySource::Check& check) {
  absl::StatusOr<std::shared_ptr<const FeatureRegistry>> read =
      FeatureRegistry::ReadFile(path, project);
  if (!read.ok() || !check) return read;
  absl::Status checked = check(**read);
  if (!checked.ok()) return checked;
  return read;
}

}  // namespace

RegistrySource::RegistrySource(std::string path, Check check, std::string state,
                               std::shared_ptr<const FeatureRegistry> registry)
    : path_(std::move(path)),
      check_(std::move(check)),
      used_(std::move(state)),
      seen_(used_),
      registry_(std::move(registry)) {}

absl::StatusOr<std::unique_ptr<RegistrySource>> RegistrySource::Open(std::string path,
                                                                     const std::string& project,
                                                                     Check check) {
  // Before it is read: what is written meanwhile is a change.
  std::string state = StateOf(path);
  absl::StatusOr<std::shared_ptr<const FeatureRegistry>> read = Read(path, project, check);
  if (!read.ok()) return read.status();
  return std::unique_ptr<RegistrySource>(
      new RegistrySource(std::move(path), std::move(check), std::move(state), *std::move(read)));
}

std::shared_ptr<const FeatureRegistry> RegistrySource::registry() const {
  MutexLock lock(mutex_);
  return registry_;
}

bool RegistrySource::Look() {
  MutexLock look(look_mutex_);
  std::string state = StateOf(path_);
  // Somebody may still be writing what looks different from the last time.
  const bool settled = state == std::exchange(seen_, state);
  if (!settled || state == used_ || state == refused_) return false;
  // The stored keys and tables belong to the project: a registry of another one is no news of this.
  absl::StatusOr<std::shared_ptr<const FeatureRegistry>> read =
      Read(path_, registry()->project(), check_);
  if (StateOf(path_) != state) return false;
  if (!read.ok()) {
    Log(LogLevel::kWarning, "the changed feature registry cannot be used; the one before stays",
        {{"registry", path_}, {"reason", std::string(read.status().message())}});
    refused_ = std::move(state);
    return false;
  }
  Log(LogLevel::kInfo, "read the changed feature registry",
      {{"registry", path_},
       {"views", (*read)->views().size()},
       {"services", (*read)->services().size()}});
  used_ = std::move(state);
  refused_.reset();
  MutexLock lock(mutex_);
  registry_ = *std::move(read);
  return true;
}

}  // namespace tournant
