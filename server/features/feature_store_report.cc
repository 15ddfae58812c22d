#include "features/feature_store_report.h"

#include <functional>
#include <nlohmann/json.hpp>
#include <utility>

#include "features/fetch_outcome.h"

namespace tournant {
namespace {

using Status = FeatureBackend::Status;
using Named = std::pair<std::string, int64_t>;

// How the fetches that were meant for a backend ended: those that it was asked for, and those that
// a layer before it refused.
std::vector<Named> Outcomes(const Status& backend) {
  std::vector<Named> outcomes;
  for (size_t i = 0; i < kFetchOutcomes; ++i) {
    const auto outcome = static_cast<FetchOutcome>(i);
    // No layer below the one that counts refuses.
    if (outcome == FetchOutcome::kNotAsked) continue;
    outcomes.emplace_back(FetchOutcomeName(outcome), backend.calls.outcomes[i]);
  }
  outcomes.emplace_back("breaker_open", backend.breaker.refused);
  outcomes.emplace_back("over_limit", backend.limit.refused);
  return outcomes;
}

std::vector<Named> Transitions(const Status& backend) {
  std::vector<Named> transitions;
  transitions.reserve(backend.breaker.transitions.size());
  for (size_t i = 0; i < backend.breaker.transitions.size(); ++i) {
    transitions.emplace_back(BreakerStateName(static_cast<BreakerState>(i)),
                             backend.breaker.transitions[i]);
  }
  return transitions;
}

using ReadBackends = std::function<std::vector<Status>()>;

// One sample for each backend.
MetricsRegistry::Read<MetricSample> Each(ReadBackends read,
                                         std::function<double(const Status&)> number) {
  return [read = std::move(read), number = std::move(number)] {
    std::vector<MetricSample> samples;
    for (const Status& backend : read()) {
      samples.push_back({{{"backend", backend.name}}, number(backend)});
    }
    return samples;
  };
}

// One sample for each backend and each of the names that `numbers` gives.
MetricsRegistry::Read<MetricSample> EachNamed(
    ReadBackends read, std::string label,
    std::function<std::vector<Named>(const Status&)> numbers) {
  return [read = std::move(read), label = std::move(label), numbers = std::move(numbers)] {
    std::vector<MetricSample> samples;
    for (const Status& backend : read()) {
      for (const auto& [name, number] : numbers(backend)) {
        samples.push_back(
            {{{"backend", backend.name}, {label, name}}, static_cast<double>(number)});
      }
    }
    return samples;
  };
}

MetricsRegistry::Read<HistogramSample> EachHistogram(
    ReadBackends read, HistogramSnapshot MeasuredClient::Numbers::* histogram) {
  return [read = std::move(read), histogram] {
    std::vector<HistogramSample> samples;
    for (const Status& backend : read()) {
      samples.push_back({{{"backend", backend.name}}, backend.calls.*histogram});
    }
    return samples;
  };
}

double Seconds(Duration time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

std::vector<Status> FeatureStoreReport::Backends() const {
  std::vector<Status> statuses;
  for (const std::unique_ptr<FeatureBackend>& backend : client_.backends()) {
    statuses.push_back(backend->Read(clock_.Now()));
  }
  return statuses;
}

void FeatureStoreReport::RegisterBackends(MetricsRegistry& registry) const {
  const ReadBackends read = [this] { return Backends(); };
  registry.AddCounters("tournant_feature_requests_total",
                       "Fetches of features by backend and how they ended.",
                       EachNamed(read, "outcome", Outcomes));
  registry.AddHistograms(
      "tournant_feature_fetch_seconds", "Time that calls to a backend took, however they ended.",
      HistogramUnit::kSeconds, EachHistogram(read, &MeasuredClient::Numbers::latency));
  registry.AddHistograms("tournant_feature_rows_per_fetch", "Rows in a call to a backend.",
                         HistogramUnit::kCount,
                         EachHistogram(read, &MeasuredClient::Numbers::rows));
  registry.AddGauges("tournant_feature_backend_reachable",
                     "1: the backend is connected, or may yet be.",
                     Each(read, [](const Status& backend) { return backend.reachable ? 1 : 0; }));
  registry.AddGauges("tournant_feature_in_flight", "Calls to a backend that have not ended.",
                     Each(read, [](const Status& backend) {
                       return static_cast<double>(backend.limit.in_flight);
                     }));
  registry.AddGauges(
      "tournant_feature_outgoing_limit", "Calls to a backend that may be in flight at once.",
      Each(read, [](const Status& backend) { return static_cast<double>(backend.limit.limit); }));
  registry.AddGauges(
      "tournant_feature_breaker_state", "The backend's breaker: 0 closed, 1 half open, 2 open.",
      Each(read, [](const Status& backend) { return static_cast<double>(backend.breaker.state); }));
  registry.AddCounters("tournant_feature_breaker_transitions_total",
                       "Changes of the backend's breaker into this state.",
                       EachNamed(read, "to", Transitions));
}

std::vector<const AttemptMetrics*> FeatureStoreReport::Attempts() const {
  std::vector<const AttemptMetrics*> attempts;
  for (const std::unique_ptr<FeatureBackend>& backend : client_.backends()) {
    if (backend->attempts() != nullptr) attempts.push_back(backend->attempts());
  }
  return attempts;
}

void FeatureStoreReport::RegisterWith(MetricsRegistry& registry) const {
  RegisterBackends(registry);
  RegisterAttempts([this] { return Attempts(); }, registry);
  registry.AddCounters(
      "tournant_feature_hedges_total",
      "Second calls to another backend: they brought the answer, were sent for nothing, or were "
      "due and not sent.",
      [this] {
        const HedgingFetcher::Numbers hedges = client_.hedging().Read();
        return std::vector<MetricSample>{
            {{{"outcome", "won"}}, static_cast<double>(hedges.won)},
            {{{"outcome", "lost"}}, static_cast<double>(hedges.lost)},
            {{{"outcome", "suppressed"}}, static_cast<double>(hedges.suppressed)}};
      });
  registry.AddGauge("tournant_feature_hedge_budget_tokens", "Hedges that could be sent at once.",
                    [this] { return client_.hedging().Read().tokens; });
  registry.AddCounter("tournant_feature_retries_total", "Fetches that were tried a second time.",
                      [this] { return static_cast<double>(client_.retrying().Read().retries); });
  registry.AddGauge("tournant_feature_retry_budget_tokens", "Retries that could be made at once.",
                    [this] { return client_.retrying().Read().tokens; });
  registry.AddGauge("tournant_feature_error_rate",
                    "The part of the fetches of the last seconds that failed or came too late.",
                    [this] { return client_.Health(clock_.Now()).error_rate; });
  registry.AddGauge("tournant_feature_brownout_level",
                    "0 normal, 1 no hedges, 2 no optional views, 3 nothing is fetched.",
                    [this] { return BrownOutNumber(); });
}

std::string FeatureStoreReport::StatusJson() const {
  using Json = nlohmann::ordered_json;
  Json status = {{"brownout_level", static_cast<int>(BrownOutNumber())},
                 {"error_rate", client_.Health(clock_.Now()).error_rate},
                 {"p50_seconds", Seconds(client_.latency().p50())},
                 {"p95_seconds", Seconds(client_.latency().p95())}};
  const HedgingFetcher::Numbers hedges = client_.hedging().Read();
  status["hedges"] = {
      {"won", hedges.won}, {"lost", hedges.lost}, {"suppressed", hedges.suppressed}};
  status["retries"] = client_.retrying().Read().retries;
  status["backends"] = Json::array();
  for (const Status& backend : Backends()) {
    Json& entry = status["backends"].emplace_back();
    entry = {{"name", backend.name},
             {"reachable", backend.reachable},
             {"breaker", std::string(BreakerStateName(backend.breaker.state))},
             {"in_flight", backend.limit.in_flight},
             {"limit", backend.limit.limit}};
    for (const auto& [name, number] : Outcomes(backend)) entry["requests"][name] = number;
  }
  return status.dump();
}

}  // namespace tournant
