#include "predictions/log_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "telemetry/log.h"

namespace tournant {
namespace {

namespace fs = std::filesystem;

absl::Status Error(int number, absl::string_view what, const fs::path& path) {
  return absl::ErrnoToStatus(number, absl::StrCat("cannot ", what, " ", path.native()));
}

// The names in a folder are on the disk only once it is.
absl::Status Sync(const fs::path& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return Error(errno, "open", path);
  const absl::Status synced =
      fsync(fd) == 0 ? absl::OkStatus() : Error(errno, "sync the folder", path);
  close(fd);
  return synced;
}

}  // namespace

absl::StatusOr<LogFolder> LogFolder::Make(const std::string& path) {
  LogFolder folder;
  std::error_code error;
  // What is not there yet has no links to follow.
  folder.path_ = fs::weakly_canonical(fs::absolute(path), error);
  if (error) return Error(error.value(), "make the folder", path);
  if (absl::Status made = folder.MakeMissing(); !made.ok()) return made;
  if (access(path.c_str(), R_OK | W_OK | X_OK) != 0) return Error(errno, "write into", path);
  struct stat info{};
  if (stat(folder.path_.c_str(), &info) != 0) return Error(errno, "look at", path);
  const dev_t own = info.st_dev;
  for (fs::path above = folder.path_; above.has_relative_path();) {
    above = above.parent_path();
    if (stat(above.c_str(), &info) == 0 && info.st_dev != own) folder.below_.push_back(info.st_dev);
  }
  return folder;
}

absl::Status LogFolder::Restore() const {
  fs::path there = path_;
  struct stat info{};
  while (stat(there.c_str(), &info) != 0) {
    if (errno != ENOENT || !there.has_relative_path()) return Error(errno, "look at", there);
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
  if (error) return Error(error.value(), "make the folder", path_);
  for (const fs::path& parent : parents) {
    if (absl::Status synced = Sync(parent); !synced.ok()) return synced;
  }
  return absl::OkStatus();
}

}  // namespace tournant
