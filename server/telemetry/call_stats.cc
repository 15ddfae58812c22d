#include "telemetry/call_stats.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "absl/status/status.h"

namespace tournant {
namespace {

std::string CodeName(int code) {
  return absl::StatusCodeToString(static_cast<absl::StatusCode>(code));
}

std::string NameOf(Phase phase) { return std::string(PhaseName(phase)); }

}  // namespace

template <class F>
int64_t CallStats::Sum(F number) const {
  int64_t sum = 0;
  for (const CallMetrics* loop : loops_) sum += number(*loop);
  return sum;
}

int64_t CallStats::InPhase(Phase phase) const {
  return Sum([phase](const CallMetrics& loop) { return loop.in_phase(phase); });
}

HistogramSnapshot CallStats::PhaseTime(Phase phase) const {
  HistogramSnapshot sum;
  for (const CallMetrics* loop : loops_) sum.Merge(loop->phase_time(phase));
  return sum;
}

std::vector<std::pair<absl::string_view, int64_t>> CallStats::ByPhase() const {
  std::vector<std::pair<absl::string_view, int64_t>> result;
  for (size_t i = 0; i < kPhaseCount; ++i) {
    const auto phase = static_cast<Phase>(i);
    result.emplace_back(PhaseName(phase), InPhase(phase));
  }
  if (queued_ == nullptr) return result;
  const auto count = [&result](Phase phase) -> int64_t& {
    return result[static_cast<size_t>(phase)].second;
  };
  const QueuedCalls known = queued_();
  int64_t rest = std::max<int64_t>(0, count(Phase::kQueued));
  count(Phase::kQueued) = std::min(known.waiting, rest);
  rest -= count(Phase::kQueued);
  const int64_t computing = std::min(known.computing, rest);
  count(Phase::kComputing) += computing;
  // Their results are on the way to their loops.
  count(Phase::kResponding) += rest - computing;
  return result;
}

std::vector<HistogramSample> CallStats::ByMethodAndStatus(
    HistogramSnapshot CallMetrics::Ended::* histogram) const {
  std::vector<HistogramSample> samples;
  if (loops_.empty()) return samples;
  const std::vector<std::string>& methods = loops_.front()->methods();
  for (size_t method = 0; method < methods.size(); ++method) {
    for (int code = 0; code < static_cast<int>(CallMetrics::kStatusCodes); ++code) {
      HistogramSnapshot sum;
      for (const CallMetrics* loop : loops_) sum.Merge(loop->ended(method, code).*histogram);
      if (sum.count() == 0) continue;
      samples.push_back(
          {{{"grpc_method", methods[method]}, {"grpc_status", CodeName(code)}}, std::move(sum)});
    }
  }
  return samples;
}

void CallStats::RegisterWith(MetricsRegistry& registry) const {
  registry.AddGauges("tournant_calls", "Calls that are in this phase now.", [this] {
    std::vector<MetricSample> samples;
    for (const auto& [phase, count] : ByPhase()) {
      if (samples.size() == kEndPhase) break;
      samples.push_back({{{"phase", std::string(phase)}}, static_cast<double>(count)});
    }
    return samples;
  });
  registry.AddCounters("tournant_calls_ended_total", "Calls that ended in this way.", [this] {
    std::vector<MetricSample> samples;
    for (size_t i = kEndPhase; i < kPhaseCount; ++i) {
      const auto phase = static_cast<Phase>(i);
      samples.push_back({{{"phase", NameOf(phase)}}, static_cast<double>(InPhase(phase))});
    }
    return samples;
  });
  registry.AddHistograms("tournant_phase_seconds", "Time that calls spent in this phase.",
                         HistogramUnit::kSeconds, [this] {
                           std::vector<HistogramSample> samples;
                           for (size_t i = 0; i < kEndPhase; ++i) {
                             const auto phase = static_cast<Phase>(i);
                             samples.push_back({{{"phase", NameOf(phase)}}, PhaseTime(phase)});
                           }
                           return samples;
                         });
  registry.AddHistograms("tournant_cq_loop_lag_seconds",
                         "How long after it was posted an event loop came to something, tried once "
                         "a second.",
                         HistogramUnit::kSeconds, [this] {
                           HistogramSnapshot sum;
                           for (const CallMetrics* loop : loops_) sum.Merge(loop->loop_lag());
                           return std::vector<HistogramSample>{{{}, std::move(sum)}};
                         });
  RegisterRpcs(registry);
  RegisterAnswers(registry);
  RegisterStops(registry);
  RegisterFeatures(registry);
}

void CallStats::RegisterRpcs(MetricsRegistry& registry) const {
  registry.AddCounters("grpc_server_call_started_total", "RPCs that have arrived.", [this] {
    std::vector<MetricSample> samples;
    if (loops_.empty()) return samples;
    const std::vector<std::string>& methods = loops_.front()->methods();
    for (size_t i = 0; i < methods.size(); ++i) {
      samples.push_back(
          {{{"grpc_method", methods[i]}},
           static_cast<double>(Sum([i](const CallMetrics& loop) { return loop.started(i); }))});
    }
    return samples;
  });
  registry.AddHistograms("grpc_server_call_duration_seconds",
                         "Time from the arrival of an RPC to its end.", HistogramUnit::kSeconds,
                         [this] { return ByMethodAndStatus(&CallMetrics::Ended::duration); });
  registry.AddHistograms("grpc_server_call_rcvd_total_compressed_message_size_bytes",
                         "Serialized messages of a caller, all of an RPC together.",
                         HistogramUnit::kBytes,
                         [this] { return ByMethodAndStatus(&CallMetrics::Ended::received_bytes); });
  registry.AddHistograms("grpc_server_call_sent_total_compressed_message_size_bytes",
                         "Serialized messages sent to a caller, all of an RPC together.",
                         HistogramUnit::kBytes,
                         [this] { return ByMethodAndStatus(&CallMetrics::Ended::sent_bytes); });
}

void CallStats::RegisterAnswers(MetricsRegistry& registry) const {
  registry.AddCounters("tournant_calls_total", "RPCs answered, by status.", [this] {
    std::vector<MetricSample> samples;
    for (const HistogramSample& ended : ByMethodAndStatus(&CallMetrics::Ended::duration)) {
      samples.push_back({{{"method", ended.labels[0].second}, {"code", ended.labels[1].second}},
                         static_cast<double>(ended.values.count())});
    }
    return samples;
  });
  registry.AddCounters(
      "tournant_model_calls_total", "Predictions answered, by model and status.", [this] {
        std::map<std::pair<std::string, int>, int64_t> counts;
        for (const CallMetrics* loop : loops_) {
          loop->ForEachModel([&](const std::string& model, int code, int64_t count) {
            counts[{model, code}] += count;
          });
        }
        std::vector<MetricSample> samples;
        samples.reserve(counts.size());
        for (const auto& [key, count] : counts) {
          samples.push_back(
              {{{"model", key.first}, {"code", CodeName(key.second)}}, static_cast<double>(count)});
        }
        return samples;
      });
}

void CallStats::RegisterStops(MetricsRegistry& registry) const {
  struct Stop {
    Phase end;
    const char* name;
    const char* help;
  };
  for (const auto& [end, name, help] :
       {Stop{Phase::kExpired, "tournant_calls_expired_total",
             "Calls whose time ran out, by the phase that they had reached."},
        Stop{Phase::kCancelled, "tournant_calls_cancelled_total",
             "Calls whose caller left, by the phase that they had reached."},
        Stop{Phase::kFailed, "tournant_calls_failed_total",
             "Calls that ended with another error, by the phase that they had reached."}}) {
    registry.AddCounters(name, help, [this, end = end] {
      std::vector<MetricSample> samples;
      for (size_t i = 0; i < kEndPhase; ++i) {
        const auto stage = static_cast<Phase>(i);
        samples.push_back({{{"stage", NameOf(stage)}},
                           static_cast<double>(Sum([end, stage](const CallMetrics& loop) {
                             return loop.stopped(end, stage);
                           }))});
      }
      return samples;
    });
  }
}

void CallStats::RegisterFeatures(MetricsRegistry& registry) const {
  registry.AddCounters(
      "tournant_feature_cells_total", "Cells with a feature source, by where they came from.",
      [this] {
        std::vector<MetricSample> samples;
        samples.reserve(CallMetrics::kCellOutcomes);
        for (size_t i = 0; i < CallMetrics::kCellOutcomes; ++i) {
          samples.push_back(
              {{{"outcome", std::string(CallMetrics::CellOutcomeName(i))}},
               static_cast<double>(Sum([i](const CallMetrics& loop) { return loop.cells(i); }))});
        }
        return samples;
      });
  registry.AddCounter(
      "tournant_degraded_answers_total",
      "Answers with a cell filled because of an error, a timeout or staleness.", [this] {
        return static_cast<double>(Sum([](const CallMetrics& loop) { return loop.degraded(); }));
      });
  registry.AddCounter("tournant_feature_budget_exhausted_total",
                      "Answers whose call had no time left to ask the feature store.", [this] {
                        return static_cast<double>(
                            Sum([](const CallMetrics& loop) { return loop.budgets_exhausted(); }));
                      });
  registry.AddHistograms("tournant_feature_age_seconds",
                         "Age of the oldest feature of an answer, where one has a known age.",
                         HistogramUnit::kAge, [this] {
                           HistogramSnapshot sum;
                           for (const CallMetrics* loop : loops_) sum.Merge(loop->feature_age());
                           return std::vector<HistogramSample>{{{}, std::move(sum)}};
                         });
  registry.AddCounter("tournant_feature_cells_of_unknown_age_total",
                      "Cells whose stored value came without an event time.", [this] {
                        return static_cast<double>(Sum(
                            [](const CallMetrics& loop) { return loop.cells_of_unknown_age(); }));
                      });
  registry.AddCounter("tournant_feature_cells_from_future_total",
                      "Cells whose stored value has an event time after now: a clock is wrong.",
                      [this] {
                        return static_cast<double>(
                            Sum([](const CallMetrics& loop) { return loop.cells_from_future(); }));
                      });
}

std::string CallStats::StatusJson() const {
  using Json = nlohmann::ordered_json;
  Json status = {
      {"live", Json::object()}, {"ended", Json::object()}, {"phase_seconds", Json::object()}};
  const auto phases = ByPhase();
  for (size_t i = 0; i < phases.size(); ++i) {
    const std::string name(phases[i].first);
    status[i < kEndPhase ? "live" : "ended"][name] = phases[i].second;
    if (i >= kEndPhase) continue;
    const HistogramSnapshot time = PhaseTime(static_cast<Phase>(i));
    status["phase_seconds"][name] = {{"count", time.count()},
                                     {"p50", static_cast<double>(time.Quantile(0.5)) * 1e-9},
                                     {"p99", static_cast<double>(time.Quantile(0.99)) * 1e-9}};
  }
  return status.dump();
}

}  // namespace tournant
