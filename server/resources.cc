#include "resources.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "models/model_memory.h"
#include "models/repository.h"
#include "part_options.h"
#include "predictions/log_memory.h"
#include "telemetry/log.h"
#include "telemetry/log_writer.h"
#include "telemetry/span_queue.h"

namespace tournant {
namespace {

constexpr int64_t kSpanBytes = 512;  // Of one that waits to be sent, about.

ModelMemory ModelsLoadedAtStart(const Config& config) {
  const Repository repository(config.model_repository, config.model_name);
  const auto models = repository.Scan();
  if (!models.ok()) return {};  // The loader says why.
  const std::vector<std::string>& named = config.load_model;
  return ModelMemoryOf(*models, [&](const std::string& name) {
    return config.model_control != ModelControl::kExplicit ||
           std::find(named.begin(), named.end(), name) != named.end() ||
           std::find(named.begin(), named.end(), "*") != named.end();
  });
}

}  // namespace

Resources::Resources(const Config& config) : config_(config) {
  const CoreLimits& cores = config.cores;
  Log(LogLevel::kInfo, "threads",
      {{"workers", config.workers},
       {"completion_queues", config.completion_queues},
       {"usable_cores", UsableCores(cores)},
       {"affinity", cores.affinity},
       {"quota", cores.quota ? cores.quota->cores : 0.0},
       {"quota_from", cores.quota ? cores.quota->file : "none"},
       {"workers_from", config.workers_from}});
}

absl::Status Resources::CheckBeforeLoading() {
  const ModelMemory models = ModelsLoadedAtStart(config_);
  // The child that tries a version is this process as it is now, and what it loads.
  dry_run_bytes_ = models.dry_run > 0 ? models.dry_run + UnsharedBytes() : 0;
  return Check("before loading", models.served, 0);
}

// The models are part of the process now.
absl::Status Resources::CheckAfterLoading(int64_t cache_bytes) {
  return Check("after loading", 0, cache_bytes);
}

absl::Status Resources::Check(const char* when, int64_t model_bytes, int64_t cache_bytes) {
  MemoryBudget budget;
  budget.limit = config_.memory_limit;
  const auto add = [&budget](const char* name, int64_t bytes, const char* flag) {
    if (bytes > 0) budget.parts.push_back({name, bytes, flag});
  };
  add("process", ResidentBytes(), "");
  add("models", model_bytes, "--model_repository");
  add("dry run of a new version", dry_run_bytes_, "--model_repository");
  add("requests in flight", config_.max_in_flight_bytes, "--max_in_flight_bytes");
  add("feature caches", cache_bytes, "max_bytes in features.pbtxt");
  if (config_.prediction_log) {
    add("prediction log",
        LogMemory(config_.prediction_log->kind, config_.prediction_log_compress,
                  PredictionLogOptions(config_)),
        "--prediction_log_max_bytes");
  }
  if (!config_.otlp_endpoint.empty()) {
    add("traces", static_cast<int64_t>(SpanQueue::Options().max_spans) * kSpanBytes,
        "--otlp_endpoint");
  }
  add("log lines", static_cast<int64_t>(LogWriter::Options().bytes), "");
  Log(LogLevel::kInfo, "memory",
      {{"when", when},
       {"may_be_needed", BytesText(budget.total())},
       {"parts", budget.Text()},
       {"limit", budget.limit ? BytesText(budget.limit->bytes) : "none"},
       {"limit_from", budget.limit ? budget.limit->file : "none"}});
  {
    MutexLock lock(mutex_);
    memory_json_ = budget.Json();
  }
  absl::Status fits = CheckMemoryBudget(budget);
  if (fits.ok()) return fits;
  if (config_.memory_check) {
    return absl::ResourceExhaustedError(
        absl::StrCat(fits.message(), "; --memory_check=false starts all the same"));
  }
  Log(LogLevel::kWarning, "the memory may not suffice", {{"reason", std::string(fits.message())}});
  return absl::OkStatus();
}

std::string Resources::CoresJson() const {
  const CoreLimits& cores = config_.cores;
  std::string json =
      absl::StrCat("{\"usable\":", UsableCores(cores), ",\"affinity\":", cores.affinity);
  if (cores.quota) absl::StrAppend(&json, ",\"quota\":", cores.quota->cores);
  return absl::StrCat(json, ",\"workers\":", config_.workers, ",\"workers_from\":\"",
                      config_.workers_from, "\",\"completion_queues\":", config_.completion_queues,
                      "}");
}

std::string Resources::StatusJson() const {
  MutexLock lock(mutex_);
  return absl::StrCat("{\"cores\":", CoresJson(), ",\"memory\":", memory_json_, "}");
}

}  // namespace tournant
