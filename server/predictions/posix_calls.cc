#include "predictions/posix_calls.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"

namespace tournant {

absl::Status FileError(int number, absl::string_view what, const std::string& path) {
  return absl::ErrnoToStatus(number, absl::StrCat("cannot ", what, " ", path));
}

absl::Status SyncFolder(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return FileError(errno, "open", path);
  absl::Status synced =
      fsync(fd) == 0 ? absl::OkStatus() : FileError(errno, "sync the folder", path);
  close(fd);
  return synced;
}

}  // namespace tournant
