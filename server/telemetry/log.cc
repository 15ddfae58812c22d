#include "telemetry/log.h"

#include <unistd.h>

#include <atomic>
#include <exception>

#include "base/clock.h"
#include "base/mutex.h"
#include "telemetry/log_internal.h"
#include "telemetry/log_line.h"
#include "telemetry/log_writer.h"

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

std::atomic<LogOutput> output{nullptr};

// Past stdio, so that a line is one write and cannot be torn by another process on the same pipe.
void Write(absl::string_view line) {
  if (const LogOutput elsewhere = output.load(std::memory_order_acquire)) {
    elsewhere(line);
    return;
  }
  MutexLock lock(StderrMutex());
  WriteNow(STDERR_FILENO, line);
}

}  // namespace

void SetLogOutput(LogOutput elsewhere) { output = elsewhere; }

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
    Write(line);
  } catch (const std::exception&) {
    Write("{\"level\":\"error\",\"message\":\"a log line could not be made\"}\n");
  }
}

}  // namespace tournant
