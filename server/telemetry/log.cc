#include "telemetry/log.h"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <exception>

#include "base/clock.h"
#include "base/mutex.h"
#include "telemetry/log_line.h"

namespace tournant {
namespace {

constexpr unsigned Bit(LogLevel level) { return 1U << static_cast<unsigned>(level); }

// Of the levels that are written.
std::atomic<unsigned> enabled{Bit(LogLevel::kInfo) | Bit(LogLevel::kWarning) |
                              Bit(LogLevel::kError)};

// Never destroyed: threads may log until the process has gone.
Mutex& StderrMutex() {
  static Mutex& mutex = *new Mutex;
  return mutex;
}

// Past stdio, so that a line is one write and cannot be torn by another process on the same pipe.
void WriteToStderr(absl::string_view text) {
  MutexLock lock(StderrMutex());
  while (!text.empty()) {
    const ssize_t written = write(STDERR_FILENO, text.data(), text.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return;  // Nobody reads; there is nowhere to say so.
    }
    text.remove_prefix(static_cast<size_t>(written));
  }
}

}  // namespace

void EnableLog(LogLevel level, bool on) {
  if (on) {
    enabled.fetch_or(Bit(level), std::memory_order_relaxed);
  } else {
    enabled.fetch_and(~Bit(level), std::memory_order_relaxed);
  }
}

bool LogEnabled(LogLevel level) {
  return (enabled.load(std::memory_order_relaxed) & Bit(level)) != 0;
}

void SetLogLevel(LogLevel level) {
  for (const LogLevel each :
       {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarning, LogLevel::kError}) {
    EnableLog(each, each >= level);
  }
}

void Log(LogLevel level, absl::string_view message, std::initializer_list<LogField> fields) {
  if (!LogEnabled(level)) return;
  try {
    std::string line = LogLine(SystemClock().WallNow(), level, message, fields);
    line += '\n';
    WriteToStderr(line);
  } catch (const std::exception&) {
    WriteToStderr("{\"level\":\"error\",\"message\":\"a log line could not be made\"}\n");
  }
}

}  // namespace tournant
