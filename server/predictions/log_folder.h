#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tournant {

// A folder that a server writes into for as long as it runs: meanwhile somebody may remove it, and
// what is mounted there may go. Errors name the path. One thread at a time.
class LogFolder {
 public:
  // Makes the folder, and those above it, unless it is there.
  static absl::StatusOr<LogFolder> Make(const std::string& path);

  // Makes it again where it was removed. UNAVAILABLE while the disk that it was on is not mounted:
  // nothing must be written to the one below, where nobody looks for it.
  absl::Status Restore() const;

 private:
  absl::Status MakeMissing() const;

  std::filesystem::path path_;  // Without symbolic links.
  std::vector<dev_t> below_;    // The disks of the folders above it, but for its own.
};

}  // namespace tournant
