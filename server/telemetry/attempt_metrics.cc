#include "telemetry/attempt_metrics.h"

#include "absl/status/status.h"
#include "absl/strings/strip.h"

namespace tournant {
namespace {

using Attempts = std::function<std::vector<const AttemptMetrics*>()>;

MetricLabels LabelsOf(const AttemptMetrics& attempts) {
  return {{"grpc_method", attempts.method()}, {"grpc_target", attempts.target()}};
}

MetricsRegistry::Read<HistogramSample> EachStatus(
    Attempts read, HistogramSnapshot CallMetrics::Ended::* histogram) {
  return [read = std::move(read), histogram] {
    std::vector<HistogramSample> samples;
    for (const AttemptMetrics* attempts : read()) {
      for (const auto& [code, ended] : attempts->Read()) {
        MetricLabels labels = LabelsOf(*attempts);
        labels.emplace_back("grpc_status",
                            absl::StatusCodeToString(static_cast<absl::StatusCode>(code)));
        samples.push_back({std::move(labels), ended.*histogram});
      }
    }
    return samples;
  };
}

}  // namespace

AttemptMetrics::AttemptMetrics(absl::string_view method, std::string target)
    : method_(absl::StripPrefix(method, "/")), target_(std::move(target)) {}

void AttemptMetrics::OnFinished(int status_code, Duration took, MessageBytes bytes) {
  constexpr int kUnknown = 2;
  const bool known = status_code >= 0 && status_code < static_cast<int>(CallMetrics::kStatusCodes);
  MutexLock lock(mutex_);
  std::unique_ptr<Endings>& endings = by_code_[known ? status_code : kUnknown];
  if (endings == nullptr) endings = std::make_unique<Endings>();
  endings->duration.Record(took);
  endings->received_bytes.Record(static_cast<uint64_t>(bytes.received));
  endings->sent_bytes.Record(static_cast<uint64_t>(bytes.sent));
}

std::vector<std::pair<int, CallMetrics::Ended>> AttemptMetrics::Read() const {
  std::vector<std::pair<int, CallMetrics::Ended>> all;
  MutexLock lock(mutex_);
  all.reserve(by_code_.size());
  for (const auto& [code, endings] : by_code_) {
    all.push_back(
        {code,
         {endings->duration.Read(), endings->received_bytes.Read(), endings->sent_bytes.Read()}});
  }
  return all;
}

void RegisterAttempts(const Attempts& read, MetricsRegistry& registry) {
  registry.AddCounters(
      "grpc_client_attempt_started_total", "RPCs that were started towards a target.", [read] {
        std::vector<MetricSample> samples;
        for (const AttemptMetrics* attempts : read()) {
          samples.push_back({LabelsOf(*attempts), static_cast<double>(attempts->started())});
        }
        return samples;
      });
  registry.AddHistograms("grpc_client_attempt_duration_seconds",
                         "Time from the start of an RPC towards a target to its end.",
                         HistogramUnit::kSeconds, EachStatus(read, &CallMetrics::Ended::duration));
  registry.AddHistograms("grpc_client_attempt_sent_total_compressed_message_size_bytes",
                         "Serialized messages sent to a target, all of an RPC together.",
                         HistogramUnit::kBytes, EachStatus(read, &CallMetrics::Ended::sent_bytes));
  registry.AddHistograms("grpc_client_attempt_rcvd_total_compressed_message_size_bytes",
                         "Serialized messages of a target, all of an RPC together.",
                         HistogramUnit::kBytes,
                         EachStatus(read, &CallMetrics::Ended::received_bytes));
}

}  // namespace tournant
