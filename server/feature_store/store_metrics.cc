#include "feature_store/store_metrics.h"

#include <string>
#include <utility>
#include <vector>

#include "feast/serving/ServingService.pb.h"

namespace tournant {
namespace {

// As gRPC's paths have them, in the order of StoreMethod.
std::vector<std::string> MethodNames() {
  return {
      "feast.serving.ServingService/GetOnlineFeatures",
      "GrpcFeatureServer/GetOnlineFeatures",
      "feast.serving.ServingService/GetFeastServingInfo",
      "GrpcFeatureServer/Push",
      "GrpcFeatureServer/WriteToOnlineStore",
      "grpc.health.v1.Health/Check",
      "grpc.health.v1.Health/Watch",
  };
}

static_assert(kFieldStatuses == feast::serving::FieldStatus_ARRAYSIZE);

}  // namespace

StoreMetrics::StoreMetrics() : calls_(MethodNames()), stats_({&calls_}) {}

void StoreMetrics::OnRead(const absl::Status& status, Duration took) {
  MutexLock lock(mutex_);
  std::unique_ptr<Histogram>& reads = reads_[status.code()];
  if (reads == nullptr) reads = std::make_unique<Histogram>();
  reads->Record(took);
}

void StoreMetrics::OnAnswer(size_t rows, const StatusCounts& cells) {
  rows_.Add(rows);
  for (size_t i = 0; i < kFieldStatuses; ++i) {
    if (cells[i] > 0) cells_[i].Add(static_cast<uint64_t>(cells[i]));
  }
}

std::vector<HistogramSample> StoreMetrics::Reads() const {
  std::vector<HistogramSample> samples;
  MutexLock lock(mutex_);
  samples.reserve(reads_.size());
  for (const auto& [code, reads] : reads_) {
    samples.push_back({{{"outcome", absl::StatusCodeToString(code)}}, reads->Read()});
  }
  return samples;
}

std::vector<MetricSample> StoreMetrics::Cells() const {
  std::vector<MetricSample> samples;
  samples.reserve(kFieldStatuses);
  for (size_t i = 0; i < kFieldStatuses; ++i) {
    const auto status = static_cast<feast::serving::FieldStatus>(i);
    samples.push_back({{{"status", feast::serving::FieldStatus_Name(status)}},
                       static_cast<double>(cells_[i].value())});
  }
  return samples;
}

void StoreMetrics::RegisterWith(MetricsRegistry& registry) const {
  stats_.RegisterRpcs(registry);
  registry.AddHistograms("tournant_feature_store_read_seconds",
                         "Time of a read of the online store, by its status.",
                         HistogramUnit::kSeconds, [this] { return Reads(); });
  registry.AddCounter("tournant_feature_store_rows_total", "Rows in answers.",
                      [this] { return static_cast<double>(rows_.value()); });
  registry.AddCounters("tournant_feature_store_cells_total",
                       "Cells of features in answers, by their status in Feast's protocol.",
                       [this] { return Cells(); });
}

}  // namespace tournant
