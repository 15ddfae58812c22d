#include "predictions/posix_log_files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "predictions/posix_calls.h"

namespace tournant {
namespace {

// Closes a descriptor when it leaves.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

class PosixLogFile final : public LogFile {
 public:
  PosixLogFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}

  absl::StatusOr<size_t> Write(absl::string_view bytes) override {
    for (;;) {
      const ssize_t written = write(fd_.get(), bytes.data(), bytes.size());
      if (written > 0) return static_cast<size_t>(written);
      if (written == 0) return FileError(EIO, "write", path_);
      if (errno != EINTR) return FileError(errno, "write", path_);
    }
  }
  absl::Status Sync() override {
    if (fdatasync(fd_.get()) != 0) return FileError(errno, "sync", path_);
    struct stat info{};
    if (fstat(fd_.get(), &info) != 0) return FileError(errno, "look at", path_);
    if (info.st_nlink > 0) return absl::OkStatus();
    return absl::NotFoundError(absl::StrCat(path_, " was removed while it was written"));
  }
  absl::Status Truncate(uint64_t size) override {
    if (ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) {
      return FileError(errno, "truncate", path_);
    }
    return absl::OkStatus();
  }

 private:
  const Descriptor fd_;
  const std::string path_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<LogDirectory>> PosixLogDirectory::Make(const std::string& path) {
  absl::StatusOr<LogFolder> folder = LogFolder::Make(path);
  if (!folder.ok()) return folder.status();
  return std::unique_ptr<LogDirectory>(new PosixLogDirectory(path, *std::move(folder)));
}

absl::StatusOr<std::unique_ptr<LogFile>> PosixLogDirectory::OpenWith(const std::string& name,
                                                                     int flags) {
  const std::string path = PathOf(name);
  // Append, so that after a truncation the next byte goes to the new end.
  Descriptor fd(open(path.c_str(), flags | O_WRONLY | O_APPEND | O_CLOEXEC, 0640));
  if (fd.get() < 0) return FileError(errno, "open", path);
  if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " is being written by another process"));
  }
  struct stat info{};
  // Between open and flock another process may have found the file and removed it.
  if (fstat(fd.get(), &info) != 0 || info.st_nlink == 0) {
    return absl::AbortedError(absl::StrCat(path, " was removed while it was opened"));
  }
  return std::make_unique<PosixLogFile>(fd.Release(), path);
}

absl::StatusOr<std::unique_ptr<LogFile>> PosixLogDirectory::Create(const std::string& name) {
  if (folder_) {
    if (absl::Status restored = folder_->Restore(); !restored.ok()) return restored;
  }
  absl::StatusOr<std::unique_ptr<LogFile>> file = OpenWith(name, O_CREAT | O_EXCL);
  if (!file.ok()) return file;
  if (absl::Status synced = SyncFolder(path_); !synced.ok()) return synced;
  return file;
}

absl::StatusOr<std::unique_ptr<LogFile>> PosixLogDirectory::Open(const std::string& name) {
  return OpenWith(name, 0);
}

absl::Status PosixLogDirectory::Rename(const std::string& from, const std::string& to) {
  if (renameat2(AT_FDCWD, PathOf(from).c_str(), AT_FDCWD, PathOf(to).c_str(), RENAME_NOREPLACE) !=
      0) {
    // Not every file system can promise not to replace; names are unique anyway.
    if (errno != EINVAL || rename(PathOf(from).c_str(), PathOf(to).c_str()) != 0) {
      return FileError(errno, absl::StrCat("rename to ", to, " the file"), PathOf(from));
    }
  }
  return SyncFolder(path_);
}

absl::Status PosixLogDirectory::Remove(const std::string& name) {
  if (unlink(PathOf(name).c_str()) != 0) return FileError(errno, "remove", PathOf(name));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> PosixLogDirectory::List() const {
  std::error_code error;
  std::vector<std::string> names;
  std::filesystem::directory_iterator entry(path_, error);
  if (error) return FileError(error.value(), "read the folder", path_);
  while (entry != std::filesystem::directory_iterator()) {
    std::error_code gone;
    if (entry->is_regular_file(gone)) names.push_back(entry->path().filename().string());
    entry.increment(error);
    if (error) return FileError(error.value(), "read the folder", path_);
  }
  std::sort(names.begin(), names.end());
  return names;
}

absl::StatusOr<std::string> PosixLogDirectory::ReadAll(const std::string& name) const {
  const std::string path = PathOf(name);
  Descriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) return FileError(errno, "open", path);
  struct stat info{};
  if (fstat(fd.get(), &info) != 0) return FileError(errno, "read", path);
  std::string bytes(static_cast<size_t>(info.st_size), '\0');
  size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t got = read(fd.get(), bytes.data() + filled, bytes.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return FileError(errno, "read", path);
    if (got == 0) break;  // It was cut off meanwhile.
    filled += static_cast<size_t>(got);
  }
  bytes.resize(filled);
  return bytes;
}

absl::StatusOr<LogFileInfo> PosixLogDirectory::InfoOf(const std::string& name) const {
  const std::string path = PathOf(name);
  struct stat info{};
  if (stat(path.c_str(), &info) != 0) return FileError(errno, "look at", path);
  const auto since_1970 =
      std::chrono::seconds(info.st_mtim.tv_sec) + std::chrono::nanoseconds(info.st_mtim.tv_nsec);
  return LogFileInfo{
      .bytes = static_cast<uint64_t>(info.st_size),
      .written = WallTime(std::chrono::duration_cast<WallTime::duration>(since_1970))};
}

}  // namespace tournant
