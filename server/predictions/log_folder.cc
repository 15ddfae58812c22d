#include "predictions/log_folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "predictions/posix_calls.h"
#include "telemetry/log.h"

namespace tournant {

namespace fs = std::filesystem;

absl::StatusOr<LogFolder> LogFolder::Make(const std::string& path, Stat look) {
  LogFolder folder(std::move(look));
  std::error_code error;
  // What is not there yet has no links to follow.
  folder.path_ = fs::weakly_canonical(fs::absolute(path), error);
  if (error) return FileError(error.value(), "make the folder", path);
  if (absl::Status made = folder.MakeMissing(); !made.ok()) return made;
  if (access(path.c_str(), R_OK | W_OK | X_OK) != 0) return FileError(errno, "write into", path);
  struct stat info{};
  if (folder.look_(folder.path_.c_str(), &info) != 0) return FileError(errno, "look at", path);
  const dev_t own = info.st_dev;
  for (fs::path above = folder.path_; above.has_relative_path();) {
    above = above.parent_path();
    if (folder.look_(above.c_str(), &info) == 0 && info.st_dev != own) {
      folder.below_.push_back(info.st_dev);
    }
  }
  return folder;
}

absl::Status LogFolder::Restore() const {
  fs::path there = path_;
  struct stat info{};
  while (look_(there.c_str(), &info) != 0) {
    if (errno != ENOENT || !there.has_relative_path()) return FileError(errno, "look at", there);
    there = there.parent_path();
  }
  if (std::find(below_.begin(), below_.end(), info.st_dev) != below_.end()) {
    return absl::UnavailableError(
        absl::StrCat("the disk of ", path_.native(), " is not mounted any more"));
  }
  if (there == path_) return absl::OkStatus();
  if (absl::Status made = MakeMissing(); !made.ok()) return made;
  Log(LogLevel::kWarning, "the folder of the prediction log was gone and was made again",
      {{"folder", path_.native()}});
  return absl::OkStatus();
}

absl::Status LogFolder::MakeMissing() const {
  std::vector<fs::path> parents;  // Of those that are made.
  std::error_code error;
  for (fs::path missing = path_; !fs::exists(missing, error) && missing.has_relative_path();) {
    missing = missing.parent_path();
    parents.push_back(missing);
  }
  fs::create_directories(path_, error);
  if (error) return FileError(error.value(), "make the folder", path_);
  for (const fs::path& parent : parents) {
    if (absl::Status synced = SyncFolder(parent.native()); !synced.ok()) return synced;
  }
  return absl::OkStatus();
}

}  // namespace tournant
