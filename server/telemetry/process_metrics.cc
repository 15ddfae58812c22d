#include "telemetry/process_metrics.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <string>

namespace tournant {
namespace {

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// The number behind `key:` in /proc/self/status, in kB for sizes.
std::vector<MetricSample> FromStatus(const std::string& key, double scale) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.compare(0, key.size() + 1, key + ":") == 0) {
      return {{{}, std::strtod(line.c_str() + key.size() + 1, nullptr) * scale}};
    }
  }
  return {};
}

std::vector<MetricSample> OpenDescriptors() {
  DIR* directory = opendir("/proc/self/fd");
  if (directory == nullptr) return {};
  int entries = 0;
  while (readdir(directory) != nullptr) ++entries;
  closedir(directory);
  return {{{}, static_cast<double>(entries - 3)}};  // Not `.`, `..` and the one that reads.
}

double MaxDescriptors() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<double>(limit.rlim_cur);
}

}  // namespace

void RegisterProcessMetrics(const Clock& clock, MetricsRegistry& registry) {
  const double started = std::chrono::duration<double>(clock.WallNow().time_since_epoch()).count();
  registry.AddCounter("process_cpu_seconds_total", "CPU time, user and system.", CpuSeconds);
  registry.AddGauges("process_resident_memory_bytes", "Memory in RAM.",
                     [] { return FromStatus("VmRSS", 1024); });
  registry.AddGauges("process_virtual_memory_bytes", "Address space.",
                     [] { return FromStatus("VmSize", 1024); });
  registry.AddGauges("process_threads", "Threads.", [] { return FromStatus("Threads", 1); });
  registry.AddGauges("process_open_fds", "Open file descriptors.", OpenDescriptors);
  registry.AddGauge("process_max_fds", "Limit of open file descriptors.", MaxDescriptors);
  registry.AddGauge("process_start_time_seconds", "Start, in seconds since 1970.",
                    [started] { return started; });
}

}  // namespace tournant
