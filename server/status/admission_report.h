#pragma once

#include <string>

#include "admission/admission.h"
#include "telemetry/metrics_registry.h"
#include "telemetry/status_source.h"

namespace tournant {

// Who is let in and who is not, for people and for Prometheus. Any thread.
class AdmissionReport final : public StatusSource {
 public:
  // `admission` outlives it.
  explicit AdmissionReport(const AdmissionControl& admission) : admission_(admission) {}

  // Registers its numbers; the registry's Text must not be called after `admission` has gone.
  //   tournant_admission_offered_total{criticality}: admitted and rejected together
  //   tournant_admission_admitted_total{criticality}
  //   tournant_admission_rejected_total{criticality,cause="infeasible"|"too_late"|"unfair_share"|
  //       "too_many_calls"|"too_many_bytes"}
  //   tournant_admission_ended_total{criticality,outcome="ok"|"failed"|"expired"|"cancelled"}
  //   tournant_admission_wait_correction{criticality}: how much longer waits are than predicted
  //   tournant_admission_wait_correction_beyond_share{criticality}: the same beyond a share
  //   tournant_admission_calls, tournant_admission_request_bytes: in flight
  //   tournant_admission_work_seconds: estimated computing time of calls not computed yet
  void RegisterWith(MetricsRegistry& registry) const;

  absl::string_view status_name() const override { return "admission"; }
  std::string StatusJson() const override;

 private:
  const AdmissionControl& admission_;
};

}  // namespace tournant
