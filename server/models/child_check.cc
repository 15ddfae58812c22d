#include "models/child_check.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/child_environment.h"

namespace tournant {
namespace {

constexpr size_t kMaxOutputBytes = 64 << 10;
constexpr size_t kMaxReasonBytes = 300;
constexpr absl::string_view kErrorMark = "error: ";

class OwnedFd {
 public:
  explicit OwnedFd(int fd = -1) : fd_(fd) {}
  ~OwnedFd() { Close(); }
  OwnedFd(const OwnedFd&) = delete;
  OwnedFd& operator=(const OwnedFd&) = delete;
  int get() const { return fd_; }
  void Take(int fd) {
    Close();
    fd_ = fd;
  }
  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

absl::Status SystemError(absl::string_view what, int error) {
  return absl::InternalError(absl::StrCat(what, ": ", std::strerror(error)));
}

// The end of what the child writes into one of its descriptors.
class Captured {
 public:
  Captured() {
    std::array<int, 2> ends;
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return;
    reading_.Take(ends[0]);
    writing_.Take(ends[1]);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
  }

  // For the child; -1 when no pipe could be had.
  int writing() const { return writing_.get(); }
  void CloseWriting() { writing_.Close(); }

  bool open() const { return reading_.get() >= 0; }
  pollfd ForPoll() const { return {reading_.get(), POLLIN, 0}; }
  // Reads all that is there; closes at the end of the output.
  void ReadAvailable() {
    if (open() && !Read()) reading_.Close();
  }
  absl::string_view text() const { return text_; }

 private:
  // False at the end.
  bool Read() {
    std::array<char, 4096> buffer;
    for (;;) {
      const ssize_t got = read(reading_.get(), buffer.data(), buffer.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return errno == EAGAIN;
      if (got == 0) return false;
      text_.append(buffer.data(), static_cast<size_t>(got));
      if (text_.size() > kMaxOutputBytes) text_.erase(0, text_.size() - kMaxOutputBytes);
    }
  }

  OwnedFd reading_;
  OwnedFd writing_;
  std::string text_;
};

// Starts the child with no stdin, with `output` and `errors` as its stdout and stderr and no other
// descriptor, and with all signals as a fresh process has them.
absl::StatusOr<pid_t> Spawn(const ChildCheckOptions& options, const CheckRequest& request,
                            int output, int errors) {
  std::vector<std::string> arguments = {options.executable};
  arguments.insert(arguments.end(), options.arguments.begin(), options.arguments.end());
  for (std::string& argument : CheckArguments(request)) arguments.push_back(std::move(argument));
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  const std::vector<char*> environment = ChildEnvironment();

  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&files, errors, STDERR_FILENO);
  posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);

  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

  pid_t child = -1;
  const int error = posix_spawn(&child, options.executable.c_str(), &files, &attributes,
                                argv.data(), environment.data());
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) return SystemError(absl::StrCat("cannot run ", options.executable), error);
  return child;
}

// The child's own words about what is wrong.
std::string ErrorLines(absl::string_view output) {
  std::vector<absl::string_view> errors;
  for (absl::string_view line : absl::StrSplit(output, '\n')) {
    if (absl::StartsWith(line, kErrorMark)) errors.push_back(line.substr(kErrorMark.size()));
  }
  return absl::StrJoin(errors, "\n");
}

// The last line that is not empty.
absl::string_view LastLine(absl::string_view text) {
  absl::string_view last;
  for (absl::string_view line : absl::StrSplit(text, '\n', absl::SkipWhitespace())) last = line;
  return last;
}

// For a message: nothing that a terminal would obey, and not too long. A line of the log is JSON,
// whose quotes would only be harder to read when escaped.
std::string Printable(absl::string_view line) {
  std::string text(line.substr(0, kMaxReasonBytes));
  for (char& c : text) {
    if (!absl::ascii_isprint(static_cast<unsigned char>(c))) c = '?';
  }
  return text;
}

absl::Status Verdict(int status, absl::string_view output, absl::string_view errors) {
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return absl::OkStatus();
  if (WIFSIGNALED(status)) {
    return absl::InvalidArgumentError(absl::StrCat("the dry run in a child process died of signal ",
                                                   WTERMSIG(status), " (",
                                                   strsignal(WTERMSIG(status)), ")"));
  }
  std::string reasons = ErrorLines(output);
  if (!reasons.empty()) return absl::InvalidArgumentError(reasons);
  const std::string ended =
      absl::StrCat("the dry run in a child process ended with status ", WEXITSTATUS(status));
  absl::string_view last = LastLine(errors);
  if (last.empty()) last = LastLine(output);
  if (last.empty()) return absl::InvalidArgumentError(absl::StrCat(ended, " and no reason"));
  return absl::InvalidArgumentError(absl::StrCat(ended, ": ", Printable(last)));
}

// What the child of a failed check wrote to its stderr goes to ours, in one piece.
void HandOn(absl::string_view errors) {
  if (errors.empty()) return;
  const absl::string_view end = errors.back() == '\n' ? "" : "\n";
  const std::string text = absl::StrCat(errors, end);
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, text.data(), text.size());
}

// Wakes a poll when a stop is requested.
class StopFd {
 public:
  explicit StopFd(const std::stop_token& stop)
      : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), callback_(stop, Wake{fd_.get()}) {}
  int get() const { return fd_.get(); }

 private:
  struct Wake {
    int fd;
    void operator()() const {
      const uint64_t one = 1;
      [[maybe_unused]] const ssize_t written = write(fd, &one, sizeof(one));
    }
  };
  OwnedFd fd_;
  std::stop_callback<Wake> callback_;
};

}  // namespace

absl::Status CheckInChild(const ChildCheckOptions& options, const CheckRequest& request,
                          const Clock& clock, const std::stop_token& stop) {
  Captured output;
  Captured errors;
  if (!output.open() || !errors.open()) return SystemError("pipe", errno);
  const absl::StatusOr<pid_t> child = Spawn(options, request, output.writing(), errors.writing());
  output.CloseWriting();
  errors.CloseWriting();
  if (!child.ok()) return child.status();
  // By its number: the header of glibc 2.36 declares the function without C linkage.
  const OwnedFd process(static_cast<int>(syscall(SYS_pidfd_open, *child, 0)));
  const StopFd stopped(stop);

  const TimePoint deadline = clock.Now() + options.timeout;
  std::optional<absl::Status> given_up;
  bool ended = process.get() < 0;  // Without a pidfd: wait for the end of its output only.
  while (output.open() || errors.open() || !ended) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - clock.Now()).count();
    if (left <= 0) {
      given_up = absl::InvalidArgumentError(absl::StrCat(
          "the dry run in a child process took longer than ", options.timeout.count(), " s"));
      break;
    }
    std::array<pollfd, 4> wait = {{{ended ? -1 : process.get(), POLLIN, 0},
                                   {stopped.get(), POLLIN, 0},
                                   output.ForPoll(),
                                   errors.ForPoll()}};
    if (poll(wait.data(), wait.size(), static_cast<int>(left)) < 0) {
      if (errno == EINTR) continue;
      given_up = SystemError("poll", errno);
      break;
    }
    if (wait[1].revents != 0) {
      given_up = absl::CancelledError("the loader is stopping");
      break;
    }
    ended = ended || wait[0].revents != 0;
    output.ReadAvailable();
    errors.ReadAvailable();
    // A grandchild may hold the pipes open: the end of the child itself decides.
    if (process.get() >= 0 && ended) break;
  }
  if (given_up) kill(*child, SIGKILL);
  int status = 0;
  while (waitpid(*child, &status, 0) < 0 && errno == EINTR) {
  }
  const absl::Status verdict = given_up ? *given_up : Verdict(status, output.text(), errors.text());
  if (!verdict.ok() && !absl::IsCancelled(verdict)) HandOn(errors.text());
  return verdict;
}

}  // namespace tournant
