#include "rpc/statistics.h"

#include <chrono>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "inference/model_queue.h"
#include "inference/version_statistics.h"

namespace tournant {
namespace {

void Set(int64_t count, Duration time, inference::StatisticDuration& statistic) {
  statistic.set_count(static_cast<uint64_t>(count));
  const auto nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(time);
  statistic.set_ns(static_cast<uint64_t>(nanoseconds.count()));
}

template <class Message>
void SetCompute(int64_t count, const ComputeTimes& times, Message& message) {
  Set(count, times.input, *message.mutable_compute_input());
  Set(count, times.infer, *message.mutable_compute_infer());
  Set(count, times.output, *message.mutable_compute_output());
}

void Describe(const VersionStatistics::Totals& totals, inference::ModelStatistics& row) {
  const auto last = std::chrono::duration_cast<std::chrono::milliseconds>(
      totals.last_inference.time_since_epoch());
  row.set_last_inference(static_cast<uint64_t>(last.count()));
  row.set_inference_count(static_cast<uint64_t>(totals.rows));
  row.set_execution_count(static_cast<uint64_t>(totals.executions));

  inference::InferStatistics& calls = *row.mutable_inference_stats();
  Set(totals.success.count, totals.success.time, *calls.mutable_success());
  Set(totals.fail.count, totals.fail.time, *calls.mutable_fail());
  Set(totals.computed, totals.queued, *calls.mutable_queue());
  SetCompute(totals.computed, totals.compute, calls);
  calls.mutable_cache_hit();
  calls.mutable_cache_miss();

  for (const auto& [rows, size] : totals.batches) {
    inference::InferBatchStatistics& batch = *row.add_batch_stats();
    batch.set_batch_size(static_cast<uint64_t>(rows));
    SetCompute(size.executions, size.times, batch);
  }
}

void Describe(const ModelVersion& version, inference::ModelStatistics& row) {
  row.set_name(version.name);
  row.set_version(absl::StrCat(version.version));
  Describe(
      version.queue != nullptr ? version.queue->statistics().Read() : VersionStatistics::Totals(),
      row);
  inference::MemoryUsage& memory = *row.add_memory_usage();
  memory.set_type("CPU");
  memory.set_id(0);
  memory.set_byte_size(version.model->parameter_bytes());
}

absl::Status NotAvailable(const std::string& model) {
  return InvalidField("name",
                      absl::StrCat("requested model '", Quote(model), "' is not available"));
}

}  // namespace

absl::Status DescribeStatistics(const ModelRegistry& registry,
                                const inference::ModelStatisticsRequest& request,
                                inference::ModelStatisticsResponse& answer) {
  if (request.name().empty() || request.version().empty()) {
    const std::vector<ModelHandle> serving = registry.Serving(request.name());
    if (!request.name().empty() && serving.empty()) return NotAvailable(request.name());
    for (const ModelHandle& version : serving) Describe(*version, *answer.add_model_stats());
    return absl::OkStatus();
  }
  if (registry.ReadyVersions(request.name()).empty()) return NotAvailable(request.name());
  const absl::StatusOr<ModelHandle> found = registry.Find(request.name(), request.version());
  if (found.ok()) {
    Describe(**found, *answer.add_model_stats());
    return absl::OkStatus();
  }
  if (absl::IsInvalidArgument(found.status())) {
    return InvalidField("version", found.status().message());
  }
  return InvalidField("version",
                      absl::StrCat("requested model version is not available for model '",
                                   Quote(request.name()), "'"));
}

}  // namespace tournant
