#include "status/admission_report.h"

#include <array>
#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

namespace tournant {
namespace {

using ClassCounts = AdmissionControl::ClassCounts;

// One sample for each class.
MetricsRegistry::Read<MetricSample> EachClass(const AdmissionControl& admission,
                                              std::function<double(const ClassCounts&)> number) {
  return [&admission, number = std::move(number)] {
    const AdmissionControl::Numbers numbers = admission.Read();
    std::vector<MetricSample> samples;
    samples.reserve(kCriticalities);
    for (const Criticality criticality : kAllCriticalities) {
      samples.push_back({{{"criticality", std::string(CriticalityName(criticality))}},
                         number(numbers.classes[IndexOf(criticality)])});
    }
    return samples;
  };
}

// One sample for each class and each value of an enumeration, which is the label `label`.
template <class Enum, size_t kValues>
MetricsRegistry::Read<MetricSample> EachClassBy(
    const AdmissionControl& admission, std::string label, absl::string_view (*name)(Enum),
    std::array<int64_t, kValues> ClassCounts::* counts) {
  return [&admission, label = std::move(label), name, counts] {
    const AdmissionControl::Numbers numbers = admission.Read();
    std::vector<MetricSample> samples;
    samples.reserve(kCriticalities * kValues);
    for (const Criticality criticality : kAllCriticalities) {
      for (size_t i = 0; i < kValues; ++i) {
        samples.push_back(
            {{{"criticality", std::string(CriticalityName(criticality))},
              {label, std::string(name(static_cast<Enum>(i)))}},
             static_cast<double>((numbers.classes[IndexOf(criticality)].*counts)[i])});
      }
    }
    return samples;
  };
}

double Seconds(Duration time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

void AdmissionReport::RegisterWith(MetricsRegistry& registry) const {
  const AdmissionControl& admission = admission_;
  registry.AddCounters("tournant_admission_offered_total", "Valid calls that asked to be let in.",
                       EachClass(admission, [](const ClassCounts& counts) {
                         return static_cast<double>(counts.offered);
                       }));
  registry.AddCounters("tournant_admission_admitted_total", "Valid calls that were let in.",
                       EachClass(admission, [](const ClassCounts& counts) {
                         return static_cast<double>(counts.admitted);
                       }));
  registry.AddCounters(
      "tournant_admission_rejected_total", "Valid calls that were not, by what kept them out.",
      EachClassBy(admission, "cause", AdmissionRejectName, &ClassCounts::rejected));
  registry.AddCounters(
      "tournant_admission_ended_total",
      "Calls that were let in, by how they ended; the others are in memory.",
      EachClassBy(admission, "outcome", AdmissionOutcomeName, &ClassCounts::ended));
  registry.AddGauges(
      "tournant_admission_wait_correction",
      "How many times as long as predicted calls of peers within their share wait; at least 1.",
      EachClass(admission, [](const ClassCounts& counts) { return counts.correction; }));
  registry.AddGauges("tournant_admission_wait_correction_beyond_share",
                     "The same for peers that have had more than their share.",
                     EachClass(admission, [](const ClassCounts& counts) {
                       return counts.correction_beyond_share;
                     }));
  registry.AddGauge("tournant_admission_calls", "Admitted calls in memory.",
                    [&admission] { return static_cast<double>(admission.Read().calls); });
  registry.AddGauge("tournant_admission_request_bytes", "Bytes of the requests of admitted calls.",
                    [&admission] { return static_cast<double>(admission.Read().bytes); });
  registry.AddGauge("tournant_admission_work_seconds",
                    "Estimated computing time of admitted calls that were not computed yet.",
                    [&admission] { return Seconds(admission.Read().work); });
}

std::string AdmissionReport::StatusJson() const {
  using Json = nlohmann::ordered_json;
  const AdmissionControl::Numbers numbers = admission_.Read();
  const AdmissionControl::Options& options = admission_.options();
  Json status = {{"calls", numbers.calls},
                 {"max_calls", options.max_calls},
                 {"request_bytes", numbers.bytes},
                 {"max_request_bytes", options.max_bytes},
                 {"work_seconds", Seconds(numbers.work)},
                 {"peers", numbers.peers},
                 {"classes", Json::object()}};
  for (const Criticality criticality : kAllCriticalities) {
    const ClassCounts& counts = numbers.classes[IndexOf(criticality)];
    Json& entry = status["classes"][std::string(CriticalityName(criticality))];
    entry = {{"offered", counts.offered},
             {"admitted", counts.admitted},
             {"share", PatienceShare(criticality)},  // Of the two limits.
             {"wait_correction", counts.correction},
             {"wait_correction_beyond_share", counts.correction_beyond_share},
             {"rejected", Json::object()},
             {"ended", Json::object()}};
    for (size_t i = 0; i < kAdmissionOutcomes; ++i) {
      const auto outcome = static_cast<AdmissionOutcome>(i);
      entry["ended"][std::string(AdmissionOutcomeName(outcome))] = counts.ended[i];
    }
    for (size_t i = 0; i < kAdmissionRejects; ++i) {
      const auto reject = static_cast<AdmissionReject>(i);
      entry["rejected"][std::string(AdmissionRejectName(reject))] = counts.rejected[i];
    }
  }
  return status.dump();
}

}  // namespace tournant
