#include "models/private_directory.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace tournant {
namespace {

namespace fs = std::filesystem;

absl::Status SystemError(absl::string_view what) {
  return absl::InternalError(absl::StrCat(what, ": ", std::strerror(errno)));
}

bool WriteAll(int file, const std::string& bytes) {
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t written = write(file, bytes.data() + done, bytes.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    done += static_cast<size_t>(written);
  }
  return true;
}

}  // namespace

absl::StatusOr<std::unique_ptr<PrivateDirectory>> PrivateDirectory::Make() {
  std::error_code error;
  const fs::path parent = fs::temp_directory_path(error);
  std::string pattern = ((error ? fs::path("/tmp") : parent) / "tournant-XXXXXX").native();
  // mkdtemp makes it with the mode 0700.
  if (mkdtemp(pattern.data()) == nullptr) {
    return SystemError("cannot make a temporary directory for the files of the request");
  }
  return std::unique_ptr<PrivateDirectory>(new PrivateDirectory(pattern));
}

PrivateDirectory::~PrivateDirectory() {
  std::error_code error;
  fs::remove_all(path_, error);
}

absl::Status PrivateDirectory::Write(const fs::path& relative, const std::string& bytes) const {
  fs::path folder = path_;
  for (const fs::path& part : relative.parent_path()) {
    folder /= part;
    if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
      return SystemError("cannot make a temporary directory for the files of the request");
    }
  }
  const int file =
      open((path_ / relative).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (file < 0) return SystemError("cannot write a file of the request");
  const bool written = WriteAll(file, bytes);
  const absl::Status status =
      written ? absl::OkStatus() : SystemError("cannot write a file of the request");
  close(file);
  return status;
}

}  // namespace tournant
