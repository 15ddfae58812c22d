#include "models/model_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace tournant {
namespace {

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() {
    if (fd_ >= 0) close(fd_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return fd_; }

 private:
  const int fd_;
};

absl::Status OpenError(int error) {
  if (error == ENOENT) return absl::NotFoundError("no such file");
  if (error == ELOOP) return absl::FailedPreconditionError("is a symbolic link, which is refused");
  return absl::FailedPreconditionError(std::strerror(error));
}

}  // namespace

absl::StatusOr<std::string> ReadModelFile(const std::filesystem::path& path, int64_t max_bytes) {
  // O_NONBLOCK: opening a FIFO must not hang the loader.
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (file.get() < 0) return OpenError(errno);
  struct stat info{};
  if (fstat(file.get(), &info) != 0) return OpenError(errno);
  if (!S_ISREG(info.st_mode)) return absl::FailedPreconditionError("is not a regular file");
  if (info.st_size > max_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("has ", info.st_size, " bytes, more than the limit of ", max_bytes));
  }

  std::string bytes(static_cast<size_t>(info.st_size), '\0');
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got = read(file.get(), bytes.data() + done, bytes.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return absl::FailedPreconditionError(std::strerror(errno));
    if (got == 0) {
      return absl::FailedPreconditionError(
          absl::StrCat("shrank from ", bytes.size(), " to ", done, " bytes while it was read"));
    }
    done += static_cast<size_t>(got);
  }
  return bytes;
}

bool IsPlainFileName(absl::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == name.npos &&
         name.find('\0') == name.npos;
}

}  // namespace tournant
