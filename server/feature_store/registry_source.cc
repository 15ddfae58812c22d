#include "feature_store/registry_source.h"

#include <sys/stat.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "telemetry/log.h"

namespace tournant {
namespace {

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

RegistrySource::FileState RegistrySource::StateOf(const std::string& path) {
  struct stat info{};
  if (stat(path.c_str(), &info) != 0) return {};
  return {
      absl::StrCat(info.st_dev, " ", info.st_ino, " ", info.st_size, " ", info.st_mtim.tv_sec, ".",
                   info.st_mtim.tv_nsec, " ", info.st_ctim.tv_sec, ".", info.st_ctim.tv_nsec),
      static_cast<double>(info.st_mtim.tv_sec) + static_cast<double>(info.st_mtim.tv_nsec) * 1e-9};
}

RegistrySource::RegistrySource(std::string path, Check check, FileState state,
                               std::shared_ptr<const FeatureRegistry> registry)
    : path_(std::move(path)),
      check_(std::move(check)),
      used_(std::move(state.text)),
      seen_(used_),
      written_(state.written),
      registry_(std::move(registry)) {
  used_count_.Add();
}

absl::StatusOr<std::unique_ptr<RegistrySource>> RegistrySource::Open(std::string path,
                                                                     const std::string& project,
                                                                     Check check) {
  // Before it is read: what is written meanwhile is a change.
  FileState state = StateOf(path);
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
  FileState found = StateOf(path_);
  std::string& state = found.text;
  // Somebody may still be writing what looks different from the last time.
  const bool settled = state == std::exchange(seen_, state);
  if (!settled) return false;
  if (state == used_) outdated_ = false;
  if (state == used_ || state == refused_) return false;
  // The stored keys and tables belong to the project: a registry of another one is no news of this.
  absl::StatusOr<std::shared_ptr<const FeatureRegistry>> read =
      Read(path_, registry()->project(), check_);
  if (StateOf(path_).text != state) return false;
  if (!read.ok()) {
    Log(LogLevel::kWarning, "the changed feature registry cannot be used; the one before stays",
        {{"registry", path_}, {"reason", std::string(read.status().message())}});
    refused_ = std::move(state);
    refused_count_.Add();
    outdated_ = true;
    return false;
  }
  Log(LogLevel::kInfo, "read the changed feature registry",
      {{"registry", path_},
       {"views", (*read)->views().size()},
       {"services", (*read)->services().size()}});
  used_ = std::move(state);
  refused_.reset();
  used_count_.Add();
  written_ = found.written;
  outdated_ = false;
  MutexLock lock(mutex_);
  registry_ = *std::move(read);
  return true;
}

}  // namespace tournant
