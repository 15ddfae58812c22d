#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tournant {

// A folder that a server writes into for as long as it runs: meanwhile somebody may remove it, and
// what is mounted there may go. Errors name the path. One thread at a time.
class LogFolder {
 public:
  // stat(2), or a test's, which tells of other disks.
  using Stat = std::function<int(const char* path, struct stat* info)>;

  // Makes the folder, and those above it, unless it is there.
  static absl::StatusOr<LogFolder> Make(const std::string& path, Stat look = ::stat);

  // Makes it again where it was removed. UNAVAILABLE while the disk that it was on is not mounted:
  // nothing must be written to the one below, where nobody looks for it.
  absl::Status Restore() const;

 private:
  explicit LogFolder(Stat look) : look_(std::move(look)) {}
  absl::Status MakeMissing() const;

  Stat look_;
  std::filesystem::path path_;  // Without symbolic links.
  std::vector<dev_t> below_;    // The disks of the folders above it, but for its own.
};

}  // namespace tournant
