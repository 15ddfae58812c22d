#include "predictions/json_lines_store.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "predictions/piece_writer.h"
#include "predictions/run_end.h"
#include "telemetry/log.h"

namespace tournant {
namespace {

// Whether the file of `info` is one that this process has its output or its log in.
bool IsOurOutput(const struct stat& info) {
  for (const int own : {STDOUT_FILENO, STDERR_FILENO}) {
    struct stat other{};
    if (fstat(own, &other) != 0) continue;
    if (other.st_dev == info.st_dev && other.st_ino == info.st_ino) return true;
  }
  return false;
}

// Where the last whole line of the file ends, or -1 after an error.
off_t EndOfLines(int fd, off_t size) {
  std::array<char, 4096> part;
  while (size > 0) {
    const auto length = static_cast<size_t>(std::min<off_t>(size, part.size()));
    const off_t begin = size - static_cast<off_t>(length);
    const ssize_t got = pread(fd, part.data(), length, begin);
    if (got != static_cast<ssize_t>(length)) {
      if (got >= 0) errno = EIO;  // Shorter than it was a moment ago.
      return -1;
    }
    const absl::string_view text(part.data(), length);
    const size_t newline = text.rfind('\n');
    if (newline != absl::string_view::npos) return begin + static_cast<off_t>(newline) + 1;
    size = begin;
  }
  return 0;
}

}  // namespace

absl::StatusOr<std::unique_ptr<JsonLinesStore>> JsonLinesStore::Open(const std::string& path,
                                                                     const std::string& run) {
  // For reading as well: to find the end of the last line; and a pipe without a reader can be
  // opened, and neither kills the process nor fails when its reader leaves.
  const int fd = open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);
  if (fd < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot open ", path));
  struct stat info{};
  const bool known = fstat(fd, &info) == 0;
  std::unique_ptr<JsonLinesStore> store(
      new JsonLinesStore(fd, known && S_ISREG(info.st_mode), path, run));
  if (!known) return store->Error(errno, "look at");
  store->has_name_ = info.st_nlink > 0;
  if (IsOurOutput(info)) {
    return absl::InvalidArgumentError(absl::StrCat(
        path, " is where this process writes its ready line or its log; name another file"));
  }
  if (!store->is_file_) {
    if (S_ISFIFO(info.st_mode) || S_ISCHR(info.st_mode)) return store;
    return absl::InvalidArgumentError(absl::StrCat(path, " is neither a file nor a pipe"));
  }
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " is being written by another process"));
  }
  // Whoever had the lock may have written since.
  if (fstat(fd, &info) != 0) return store->Error(errno, "look at");
  const off_t end = EndOfLines(fd, info.st_size);
  if (end < 0) return store->Error(errno, "read");
  if (end < info.st_size && ftruncate(fd, end) != 0) return store->Error(errno, "truncate");
  return store;
}

JsonLinesStore::~JsonLinesStore() { close(fd_); }

absl::Status JsonLinesStore::Error(int number, absl::string_view what) const {
  return absl::ErrnoToStatus(number, absl::StrCat("cannot ", what, " ", path_));
}

absl::Status JsonLinesStore::Write(absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return Error(written == 0 ? EIO : errno, "write");
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::Status JsonLinesStore::Append(std::span<const std::string> payloads,
                                    std::vector<StoreOutcome>& outcomes) {
  if (!is_file_) {
    for (size_t i = 0; i < payloads.size(); ++i) {
      if (absl::Status status = Write(payloads[i]); !status.ok()) return status;
      outcomes[i] = StoreOutcome::kDurable;
    }
    return absl::OkStatus();
  }
  return WriteLines(payloads);
}

absl::Status JsonLinesStore::Finish(const PredictionLogCounters& end) {
  if (end.enqueued == 0) return absl::OkStatus();
  const std::string line = RunEndJsonLine(run_, end);
  if (is_file_) return WriteLines(std::span(&line, 1));
  // A pipe that is ready takes as much as this line at once; nobody waits for one that is not.
  pollfd pipe{.fd = fd_, .events = POLLOUT, .revents = 0};
  return poll(&pipe, 1, 0) == 1 ? Write(line) : absl::OkStatus();
}

absl::Status JsonLinesStore::CutTornLine() {
  if (torn_at_ >= 0 && ftruncate(fd_, torn_at_) != 0) return Error(errno, "truncate");
  torn_at_ = -1;
  return absl::OkStatus();
}

absl::Status JsonLinesStore::Reopen() {
  auto fresh = Open(path_, run_);
  if (!fresh.ok()) return fresh.status();
  Log(LogLevel::kError, "the file of the prediction log was removed; a new one takes its place",
      {{"file", path_}});
  std::swap(fd_, (*fresh)->fd_);
  is_file_ = (*fresh)->is_file_;
  torn_at_ = -1;
  return absl::OkStatus();
}

absl::Status JsonLinesStore::WriteLines(std::span<const std::string> payloads) {
  absl::Status status = TryLines(payloads);
  if (!absl::IsNotFound(status)) return status;
  if (absl::Status reopened = Reopen(); !reopened.ok()) return reopened;
  return is_file_ ? TryLines(payloads) : status;
}

absl::Status JsonLinesStore::TryLines(std::span<const std::string> payloads) {
  if (absl::Status cut = CutTornLine(); !cut.ok()) return cut;
  struct stat before{};
  if (fstat(fd_, &before) != 0) return Error(errno, "look at");
  PieceWriter pieces([this](absl::string_view bytes) { return Write(bytes); });
  absl::Status status;
  for (const std::string& payload : payloads) {
    status = pieces.Add(payload);
    if (!status.ok()) break;
  }
  if (status.ok()) status = pieces.Flush();
  if (status.ok() && fdatasync(fd_) != 0) status = Error(errno, "sync");
  struct stat after{};
  if (status.ok() && fstat(fd_, &after) != 0) status = Error(errno, "look at");
  if (status.ok() && has_name_ && after.st_nlink == 0) {
    status = absl::NotFoundError(absl::StrCat(path_, " was removed while it was written"));
  }
  if (status.ok()) return status;
  torn_at_ = before.st_size;
  CutTornLine().IgnoreError();  // Else before the next line.
  return status;
}

}  // namespace tournant
