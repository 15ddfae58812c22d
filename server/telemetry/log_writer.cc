#include "telemetry/log_writer.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <string>

#include "base/clock.h"
#include "telemetry/log_line.h"

namespace tournant {
namespace {

// A pipe that can be written to has room for so many bytes, and takes them whole.
constexpr size_t kPiece = PIPE_BUF;
// How often a thread that waits for a reader looks whether it still should.
constexpr int kPatienceMs = 50;

constexpr size_t kLongestDroppedLine = 256;

std::string DroppedLine(uint64_t lines) {
  return LogLine(SystemClock().WallNow(), LogLevel::kWarning,
                 "log lines were dropped: who reads them is too slow",
                 {{"lines", static_cast<int64_t>(lines)}}) +
         "\n";
}

}  // namespace

void WriteNow(int descriptor, absl::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(descriptor, text.data(), text.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return;  // Nobody reads; there is nowhere to say so.
    }
    text.remove_prefix(static_cast<size_t>(written));
  }
}

LogWriter::LogWriter(Options options) : options_(options), ring_(options.bytes) {
  thread_ = Thread("log-writer", [this] { Run(); });
}

LogWriter::~LogWriter() { Stop(std::chrono::milliseconds(0)); }

void LogWriter::Write(absl::string_view line) {
  {
    MutexLock lock(mutex_);
    if (!stopped_) {
      if (untold_ > 0 && ring_.room() >= line.size() + kLongestDroppedLine) {
        ring_.Push(DroppedLine(untold_));
        untold_ = 0;
      }
      if (untold_ > 0 || !ring_.Push(line)) {
        ++untold_;
        dropped_.Add();
      }
      changed_.Signal();
      return;
    }
  }
  WriteNow(options_.descriptor, line);
}

bool LogWriter::Flush(std::chrono::milliseconds budget) {
  MutexLock lock(mutex_);
  while (!ring_.empty()) {
    if (!written_.WaitFor(mutex_, budget)) return ring_.empty();
  }
  return true;
}

void LogWriter::Stop(std::chrono::milliseconds budget) {
  Flush(budget);
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    changed_.SignalAll();
  }
  give_up_ = true;
  thread_.Join();
}

void LogWriter::Run() {
  std::array<char, kPiece> piece;
  for (;;) {
    size_t size = 0;
    {
      MutexLock lock(mutex_);
      while (ring_.empty() && !stopping_) changed_.Wait(mutex_);
      if (ring_.empty() || give_up_) {
        stopped_ = true;
        return;
      }
      size = ring_.Peek(piece.data(), piece.size());
    }
    const size_t written = WriteSome({piece.data(), size});
    MutexLock lock(mutex_);
    ring_.Pop(written);
    if (ring_.empty()) written_.SignalAll();
  }
}

size_t LogWriter::WriteSome(absl::string_view bytes) const {
  pollfd waiting{options_.descriptor, POLLOUT, 0};
  if (poll(&waiting, 1, kPatienceMs) <= 0) return 0;
  const ssize_t written = write(options_.descriptor, bytes.data(), bytes.size());
  if (written >= 0) return static_cast<size_t>(written);
  if (errno == EINTR || errno == EAGAIN) return 0;
  return bytes.size();  // Nobody reads any more; there is nowhere to say so.
}

void LogWriter::WriteWhatWaits() const {
  const LogRing::Contents parts = ring_.Parts();
  for (absl::string_view part : {parts.first, parts.second}) {
    while (!part.empty()) {
      const size_t written = WriteSome(part.substr(0, kPiece));
      if (written == 0) return;
      part.remove_prefix(written);
    }
  }
}

}  // namespace tournant
