// What it costs a call to hand its record to the prediction log: the time of each Record, from
// threads that record at a steady rate; and the memory that this takes: of the records that wait at
// the end, as the log counts it and as the process has grown, and the most that the process ever
// had beyond what it began with, beside what LogMemory says. Prints one JSON line.

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/flags.h"
#include "base/thread.h"
#include "bench/latencies.h"
#include "predictions/log_memory.h"
#include "predictions/open_prediction_log.h"

ABSL_FLAG(std::string, prediction_log, "", "As of tournant-server.");
ABSL_FLAG(int, threads, 1, "That record.");
ABSL_FLAG(int64_t, records, 100'000, "Of each thread.");
ABSL_FLAG(int64_t, rate, 20'000, "Records a second of each thread.");
ABSL_FLAG(int64_t, bytes, 1024, "Of a record's tensors, one input and one output.");
ABSL_FLAG(int64_t, max_bytes, int64_t{64} << 20, "As --prediction_log_max_bytes.");
ABSL_FLAG(bool, compress, false, "Files, with zstd.");

namespace tournant {
namespace {

NamedTensor Tensor(const char* name, size_t bytes) {
  NamedTensor tensor;
  tensor.name = name;
  tensor.tensor.type = DataType::kUint8;
  tensor.tensor.shape = {static_cast<int64_t>(bytes)};
  tensor.tensor.bytes.assign(bytes, 'x');
  return tensor;
}

PredictionRecord MakeRecord(size_t bytes, int64_t number) {
  PredictionRecord record;
  record.request_id = "request-" + std::to_string(number);
  record.model = "benchmark";
  record.rows = 1;
  record.inputs.push_back(Tensor("input", bytes / 2));
  record.outputs.push_back(Tensor("output", bytes / 2));
  return record;
}

// A line of /proc/self/status.
int64_t MemoryKib(const std::string& name) {
  std::ifstream status("/proc/self/status");
  std::string word;
  int64_t kib = 0;
  while (status >> word) {
    if (word == name) status >> kib;
  }
  return kib;
}

// A record is made before its time is taken, as a call has its tensors already.
void RecordAtRate(PredictionLog& log, const Clock& clock, Latencies& latencies) {
  const Duration apart = std::chrono::nanoseconds(1'000'000'000 / absl::GetFlag(FLAGS_rate));
  const auto bytes = static_cast<size_t>(absl::GetFlag(FLAGS_bytes));
  TimePoint due = clock.Now();
  for (int64_t i = 0; i < absl::GetFlag(FLAGS_records); ++i) {
    PredictionRecord record = MakeRecord(bytes, i);
    due += apart;
    while (clock.Now() < due) {
    }
    const TimePoint begin = clock.Now();
    log.Record(std::move(record));
    latencies.Add(clock.Now() - begin);
  }
}

int Run(int argc, char** argv) {
  const std::vector<std::string> names = {"prediction_log", "threads",   "records", "rate",
                                          "bytes",          "max_bytes", "compress"};
  const absl::StatusOr<CommandLine> line = ReadFlags(names, Arguments(argc, argv), {});
  if (!line.ok()) {
    std::fprintf(stderr, "prediction_log_bench: %s\n",
                 std::string(line.status().message()).c_str());
    return 2;
  }
  const SystemClock clock;
  const auto sink = ParseLogSink(absl::GetFlag(FLAGS_prediction_log));
  if (!sink.ok()) {
    std::fprintf(stderr, "%s\n", sink.status().ToString().c_str());
    return 2;
  }
  PredictionLog::Options options;
  options.limits.max_bytes = static_cast<size_t>(absl::GetFlag(FLAGS_max_bytes));
  options.files.compress = absl::GetFlag(FLAGS_compress);
  auto log = OpenPredictionLog(*sink, options, clock);
  if (!log.ok()) {
    std::fprintf(stderr, "%s\n", log.status().ToString().c_str());
    return 2;
  }
  const auto threads = static_cast<size_t>(absl::GetFlag(FLAGS_threads));
  std::vector<Latencies> latencies(threads,
                                   Latencies(static_cast<size_t>(absl::GetFlag(FLAGS_records))));
  const int64_t before = MemoryKib("VmRSS:");
  {
    std::vector<Thread> recorders;
    recorders.reserve(threads);
    for (size_t t = 0; t < threads; ++t) {
      recorders.emplace_back("recorder", [&, t] { RecordAtRate(**log, clock, latencies[t]); });
    }
  }
  const uint64_t held = (*log)->counters().in_memory_bytes;
  const int64_t grown = MemoryKib("VmRSS:") - before;
  const bool ended = (*log)->Close(std::chrono::seconds(2));
  const PredictionLogCounters counters = (*log)->counters();
  double p50 = 0;
  double p99 = 0;
  double p999 = 0;
  for (Latencies& one : latencies) {
    p50 = std::max(p50, one.MicrosAt(0.5));
    p99 = std::max(p99, one.MicrosAt(0.99));
    p999 = std::max(p999, one.MicrosAt(0.999));
  }
  std::printf(
      "{\"p50_us\":%.3f,\"p99_us\":%.3f,\"p999_us\":%.3f,\"enqueued\":%llu,\"durable\":%llu,"
      "\"dropped\":%llu,\"in_memory\":%llu,\"held_kib\":%llu,\"grown_kib\":%lld,"
      "\"peak_kib\":%lld,\"budget_kib\":%lld}\n",
      p50, p99, p999, static_cast<unsigned long long>(counters.enqueued),
      static_cast<unsigned long long>(counters.durable),
      static_cast<unsigned long long>(counters.dropped()),
      static_cast<unsigned long long>(counters.in_memory),
      static_cast<unsigned long long>(held / 1024), static_cast<long long>(grown),
      static_cast<long long>(MemoryKib("VmHWM:") - before),
      static_cast<long long>(LogMemory(sink->kind, options.files.compress, options) / 1024));
  std::fflush(stdout);
  // One whose writer hangs cannot be taken down.
  if (!ended) _exit(0);
  return 0;
}

}  // namespace
}  // namespace tournant

int main(int argc, char** argv) { return tournant::Run(argc, argv); }
