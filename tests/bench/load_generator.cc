// Sends the same ModelInfer call again and again, a fixed number outstanding, and prints one JSON
// line of what it saw.

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "base/flags.h"
#include "bench/closed_loop.h"
#include "inference/grpc_service.pb.h"

ABSL_FLAG(std::string, address, "127.0.0.1:8001", "The server.");
ABSL_FLAG(std::string, model, "identity", "The model's name.");
ABSL_FLAG(std::string, input, "INPUT__0", "Name of its input, of type FP32.");
ABSL_FLAG(int32_t, rows, 1, "Rows of each request.");
ABSL_FLAG(int32_t, width, 64, "Values of each row.");
ABSL_FLAG(int32_t, outstanding, 1, "Calls waiting for an answer at any time.");
ABSL_FLAG(int64_t, warmup_calls, 1000, "Calls before the measurement.");
ABSL_FLAG(int64_t, calls, 0, "Calls to measure; 0: until --seconds have passed.");
ABSL_FLAG(double, seconds, 2, "How long to measure, unless --calls is given.");

namespace tournant {
namespace {

grpc::ByteBuffer MakeRequest() {
  inference::ModelInferRequest request;
  request.set_model_name(absl::GetFlag(FLAGS_model));
  auto& input = *request.add_inputs();
  input.set_name(absl::GetFlag(FLAGS_input));
  input.set_datatype("FP32");
  const int rows = absl::GetFlag(FLAGS_rows);
  const int width = absl::GetFlag(FLAGS_width);
  input.add_shape(rows);
  input.add_shape(width);
  std::vector<float> values(static_cast<size_t>(rows) * static_cast<size_t>(width));
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 64) / 64;
  request.add_raw_input_contents(values.data(), values.size() * sizeof(float));
  const grpc::Slice slice(request.SerializeAsString());
  return grpc::ByteBuffer(&slice, 1);
}

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

int Run(int argc, char** argv) {
  const std::vector<std::string> names = {"address",     "model",        "input", "rows",   "width",
                                          "outstanding", "warmup_calls", "calls", "seconds"};
  const absl::StatusOr<CommandLine> line = ReadFlags(names, Arguments(argc, argv), {});
  if (!line.ok()) {
    std::fprintf(stderr, "load_generator: %s\n", std::string(line.status().message()).c_str());
    return 2;
  }
  if (line->help) {
    std::fputs(FlagHelp("load_generator", "sends the same call again and again", names).c_str(),
               stdout);
    return 0;
  }

  ClosedLoop::Options options;
  options.address = absl::GetFlag(FLAGS_address);
  options.method = "/inference.GRPCInferenceService/ModelInfer";
  options.outstanding = absl::GetFlag(FLAGS_outstanding);
  options.warmup_calls = absl::GetFlag(FLAGS_warmup_calls);
  options.calls = absl::GetFlag(FLAGS_calls);
  options.duration = std::chrono::duration_cast<Duration>(
      std::chrono::duration<double>(absl::GetFlag(FLAGS_seconds)));
  const SystemClock clock;
  ClosedLoop loop(std::move(options), MakeRequest(), clock);
  absl::StatusOr<ClosedLoop::Result> run = loop.Run();
  if (!run.ok()) {
    std::fprintf(stderr, "load_generator: %s\n", std::string(run.status().message()).c_str());
    return 1;
  }
  ClosedLoop::Result& result = *run;
  if (result.errors > 0) std::fprintf(stderr, "load_generator: %s\n", result.first_error.c_str());
  const double seconds = std::chrono::duration<double>(result.elapsed).count();
  std::printf(
      "{\"calls\":%lld,\"errors\":%lld,\"seconds\":%.6f,\"calls_per_second\":%.1f,"
      "\"p50_us\":%.1f,\"p90_us\":%.1f,\"p99_us\":%.1f,\"max_us\":%.1f,\"answer_bytes\":%lld,"
      "\"cpu_seconds\":%.3f}\n",
      static_cast<long long>(result.calls), static_cast<long long>(result.errors), seconds,
      static_cast<double>(result.calls) / seconds, result.latencies.MicrosAt(0.5),
      result.latencies.MicrosAt(0.9), result.latencies.MicrosAt(0.99), result.latencies.MicrosAt(1),
      static_cast<long long>(result.answer_bytes), CpuSeconds());
  return result.errors > 0 ? 1 : 0;
}

}  // namespace
}  // namespace tournant

int main(int argc, char** argv) {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  return tournant::Run(argc, argv);
}
