// The ceiling that the model server is measured against: a model executed again and again in the
// same process, as the server executes it (torchscript/, one thread for each operation), on so many
// threads and in batches of 1, 2, 4 and so on up to the config's largest, with nothing around it:
// no calls, no queue, no copies. Prints one JSON line.

#include <time.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "base/flags.h"
#include "base/status.h"
#include "base/text_file.h"
#include "base/thread.h"
#include "bench/bench_inputs.h"
#include "inference/warm_up_step.h"
#include "models/config_parser.h"
#include "models/model.h"
#include "models/model_file.h"
#include "torchscript/torch_settings.h"
#include "torchscript/torchscript_factory.h"

ABSL_FLAG(std::string, model, "", "The model's folder, with config.pbtxt and version 1.");
ABSL_FLAG(std::string, inputs, "",
          "Its inputs: NAME:FP32:WIDTH or NAME:INT64:WIDTH:BELOW, several separated by commas.");
ABSL_FLAG(int32_t, different_rows, 1024, "Rows that batches are made of, in turn.");
ABSL_FLAG(int32_t, threads, 1, "Threads that execute the model.");
ABSL_FLAG(double, seconds, 0.1, "For each size of batch, each time.");
ABSL_FLAG(int32_t, cycles, 5, "Times that each size has its turn; the median counts.");

namespace tournant {
namespace {

constexpr int64_t kMostBytes = int64_t{1} << 30;
constexpr int kWarmUpRuns = 2;

struct LoadedModel {
  ModelConfig config;
  std::unique_ptr<Model> model;
};

absl::StatusOr<LoadedModel> LoadModel(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "config.pbtxt";
  const absl::StatusOr<std::string> text = ReadTextFile(file, size_t{1} << 20);
  if (!text.ok()) return text.status();
  absl::StatusOr<ModelConfig> config =
      ParseModelConfig(*text, file.native(), folder.filename().native());
  if (!config.ok()) return config.status();
  const std::filesystem::path archive = folder / "1" / config->model_filename;
  const absl::StatusOr<std::string> bytes = ReadModelFile(archive, kMostBytes);
  if (!bytes.ok()) return Annotate(bytes.status(), archive.native());
  TorchScriptFactory factory;
  auto model = factory.Load(*bytes, *config);
  if (!model.ok()) return Annotate(model.status(), archive.native());
  return LoadedModel{*std::move(config), *std::move(model)};
}

// Batches of one size, over all rows.
struct Batches {
  std::vector<std::string> bytes;  // That the views look at.
  std::vector<std::vector<TensorView>> views;
};

absl::StatusOr<Batches> MakeBatches(const ModelConfig& config,
                                    const std::vector<BenchInput>& inputs, int64_t rows) {
  const int64_t count = std::max<int64_t>(1, absl::GetFlag(FLAGS_different_rows) / rows);
  Batches batches;
  batches.bytes.reserve(static_cast<size_t>(count) * config.inputs.size());
  for (int64_t number = 0; number < count; ++number) {
    std::vector<TensorView>& views = batches.views.emplace_back();
    for (const TensorSpec& spec : config.inputs) {
      const auto made_up = std::find_if(inputs.begin(), inputs.end(), [&](const BenchInput& input) {
        return input.name == spec.name;
      });
      if (made_up == inputs.end()) {
        return absl::InvalidArgumentError(absl::StrCat("--inputs: has no '", spec.name, "'"));
      }
      const std::string& bytes =
          batches.bytes.emplace_back(InputBytes(*made_up, number * rows, rows));
      views.push_back(
          {.type = spec.type, .shape = {rows, made_up->width}, .bytes = bytes, .owner = nullptr});
    }
  }
  return batches;
}

double ThreadCpuSeconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

// What one thread did.
struct Work {
  absl::Status status;
  int64_t executions = 0;
  double seconds = 0;
  double cpu_seconds = 0;
};

class Measurement {
 public:
  Measurement(const Model& model, const Batches& batches, Duration duration, int threads)
      : model_(model), batches_(batches), duration_(duration), warming_up_(threads) {
    work_.resize(static_cast<size_t>(threads));
  }

  const std::vector<Work>& Run() {
    std::vector<Thread> threads;
    for (Work& work : work_) threads.emplace_back("loop", [this, &work] { Execute(work); });
    for (Thread& thread : threads) thread.Join();
    return work_;
  }

 private:
  void Execute(Work& work) {
    size_t next = 0;
    const auto once = [&] {
      const auto outputs = model_.Run(batches_.views[next]);
      if (!outputs.ok()) work.status = outputs.status();
      if (++next == batches_.views.size()) next = 0;
    };
    for (int i = 0; i < kWarmUpRuns; ++i) once();
    warming_up_.fetch_sub(1);
    while (warming_up_.load() > 0) continue;  // All of them compete from the start.
    const double cpu_before = ThreadCpuSeconds();
    const TimePoint start = clock_.Now();
    TimePoint now = start;
    while (now - start < duration_) {
      once();
      ++work.executions;
      now = clock_.Now();
    }
    work.seconds = std::chrono::duration<double>(now - start).count();
    work.cpu_seconds = ThreadCpuSeconds() - cpu_before;
  }

  const Model& model_;
  const Batches& batches_;
  const Duration duration_;
  const SystemClock clock_;
  std::atomic<int> warming_up_;
  std::vector<Work> work_;
};

// What all threads together did with batches of one size.
struct Speed {
  double rows_per_second = 0;
  double cpu_us_per_row = 0;
};

absl::StatusOr<Speed> Measure(const Model& model, const Batches& batches, int64_t rows) {
  const auto duration = std::chrono::duration_cast<Duration>(
      std::chrono::duration<double>(absl::GetFlag(FLAGS_seconds)));
  Measurement measurement(model, batches, duration, absl::GetFlag(FLAGS_threads));
  Speed speed;
  double executed_rows = 0;
  double cpu_seconds = 0;
  for (const Work& work : measurement.Run()) {
    if (!work.status.ok()) return work.status;
    const double done = static_cast<double>(work.executions * rows);
    speed.rows_per_second += done / work.seconds;
    executed_rows += done;
    cpu_seconds += work.cpu_seconds;
  }
  speed.cpu_us_per_row = cpu_seconds * 1e6 / executed_rows;
  return speed;
}

double Median(std::vector<Speed>& speeds, double Speed::* of) {
  const auto middle = speeds.begin() + static_cast<std::ptrdiff_t>(speeds.size() / 2);
  std::nth_element(speeds.begin(), middle, speeds.end(),
                   [&](const Speed& a, const Speed& b) { return a.*of < b.*of; });
  return (*middle).*of;
}

absl::Status MeasureAll(const LoadedModel& loaded, const std::vector<BenchInput>& inputs) {
  struct Size {
    int64_t rows;
    Batches batches;
    std::vector<Speed> speeds;
  };
  std::vector<Size> sizes;
  for (const int64_t rows : WarmUpSizes(loaded.config.max_batch_size)) {
    absl::StatusOr<Batches> batches = MakeBatches(loaded.config, inputs, rows);
    if (!batches.ok()) return batches.status();
    sizes.push_back({rows, *std::move(batches), {}});
  }
  // In turn, so that all sizes meet the same neighbours.
  for (int cycle = 0; cycle < absl::GetFlag(FLAGS_cycles); ++cycle) {
    for (Size& size : sizes) {
      const absl::StatusOr<Speed> speed = Measure(*loaded.model, size.batches, size.rows);
      if (!speed.ok()) return speed.status();
      size.speeds.push_back(*speed);
    }
  }
  std::printf("{\"threads\":%d,\"batches\":[", absl::GetFlag(FLAGS_threads));
  for (Size& size : sizes) {
    std::printf("%s{\"rows\":%lld,\"rows_per_second\":%.1f,\"cpu_us_per_row\":%.3f}",
                &size == &sizes.front() ? "" : ",", static_cast<long long>(size.rows),
                Median(size.speeds, &Speed::rows_per_second),
                Median(size.speeds, &Speed::cpu_us_per_row));
  }
  std::printf("]}\n");
  return absl::OkStatus();
}

int Fail(int code, absl::string_view message) {
  std::fprintf(stderr, "in_process_loop: %s\n", std::string(message).c_str());
  return code;
}

int Run(int argc, char** argv) {
  const std::vector<std::string> names = {"model",   "inputs",  "different_rows",
                                          "threads", "seconds", "cycles"};
  const absl::StatusOr<CommandLine> line = ReadFlags(names, Arguments(argc, argv), {});
  if (!line.ok()) return Fail(2, line.status().message());
  if (line->help) {
    std::fputs(FlagHelp("in_process_loop", "executes a model without a server", names).c_str(),
               stdout);
    return 0;
  }
  if (absl::GetFlag(FLAGS_threads) < 1) return Fail(2, "--threads: must be at least 1");
  if (absl::GetFlag(FLAGS_cycles) < 1) return Fail(2, "--cycles: must be at least 1");
  const auto inputs = ParseBenchInputs(absl::GetFlag(FLAGS_inputs));
  if (!inputs.ok()) return Fail(2, inputs.status().message());
  ConfigureTorch();
  const absl::StatusOr<LoadedModel> loaded = LoadModel(absl::GetFlag(FLAGS_model));
  if (!loaded.ok()) return Fail(1, loaded.status().message());
  const absl::Status measured = MeasureAll(*loaded, *inputs);
  if (!measured.ok()) return Fail(1, measured.message());
  return 0;
}

}  // namespace
}  // namespace tournant

int main(int argc, char** argv) {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  return tournant::Run(argc, argv);
}
