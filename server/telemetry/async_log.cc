#include "telemetry/async_log.h"

#include <atomic>
#include <csignal>

#include "telemetry/log_internal.h"
#include "telemetry/log_writer.h"
#include "telemetry/metrics_registry.h"

namespace tournant {
namespace {

constexpr std::chrono::seconds kBudget{1};

// Never destroyed once it is made: threads may log until the process has gone.
std::atomic<LogWriter*> writer{nullptr};

void WriteToWriter(absl::string_view line) { writer.load()->Write(line); }

// The lines that say why are the last ones.
void OnAbort(int signal) {
  if (const LogWriter* waiting = writer.load()) waiting->WriteWhatWaits();
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

}  // namespace

AsyncLog::AsyncLog() {
  writer = new LogWriter;
  SetLogOutput(&WriteToWriter);
  std::signal(SIGABRT, &OnAbort);
}

AsyncLog::~AsyncLog() { writer.load()->Stop(kBudget); }

void AsyncLog::RegisterWith(MetricsRegistry& metrics) {
  metrics.AddCounter("tournant_log_lines_dropped_total",
                     "Log lines that nobody will see, because who reads them is too slow.", [] {
                       const LogWriter* used = writer.load();
                       return used == nullptr ? 0.0 : static_cast<double>(used->dropped());
                     });
}

void FlushLog() {
  if (LogWriter* used = writer.load()) used->Flush(kBudget);
}

}  // namespace tournant
