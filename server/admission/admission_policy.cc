#include "admission/admission_policy.h"

#include <algorithm>
#include <chrono>

namespace tournant {
namespace {

constexpr Duration kFixedMargin = std::chrono::milliseconds(1);
constexpr int kMarginParts = 20;  // 5 % of the patience.
constexpr int kRoomParts = 8;     // Of the time that a call may wait.

Duration Scaled(Duration duration, double factor) {
  // Far beyond any wait, and far from what overflows.
  constexpr double kMost = 1e17;
  const double scaled = static_cast<double>(duration.count()) * factor;
  return Duration(static_cast<Duration::rep>(std::clamp(scaled, 0.0, kMost)));
}

}  // namespace

AdmissionDecision DecideAdmission(const AdmissionSnapshot& snapshot) {
  const Duration fair =
      std::min(snapshot.ahead_of_all, snapshot.ahead_of_version * snapshot.busy_versions) /
      std::max(1, snapshot.workers);
  const int lanes = std::max(1, std::min(snapshot.workers, snapshot.version_workers));
  AdmissionDecision decision;
  decision.uncorrected = std::max({fair, snapshot.ahead_of_version / lanes, snapshot.next_free});
  decision.wait = Scaled(decision.uncorrected, snapshot.correction);

  const Duration execution = std::max(
      snapshot.cost, std::min(snapshot.batch_cost, snapshot.cost + snapshot.ahead_of_version));
  const Duration spare =
      snapshot.patience - execution - kFixedMargin - snapshot.patience / kMarginParts;
  decision.may_wait =
      std::min(Scaled(std::max(spare, Duration::zero()), PatienceShare(snapshot.criticality)),
               snapshot.max_wait);
  if (snapshot.leaves_room) decision.may_wait -= decision.may_wait / kRoomParts;
  if (snapshot.cost > snapshot.patience) {
    decision.verdict = AdmissionVerdict::kTooLate;
  } else if (decision.wait > Duration::zero() && decision.wait > decision.may_wait) {
    decision.verdict = AdmissionVerdict::kInfeasible;
  }
  return decision;
}

Duration ProbeAfter(Duration cost) {
  constexpr Duration kLeast = std::chrono::seconds(1);
  constexpr int kParts = 20;
  return std::max(kLeast, kParts * cost);
}

Duration AdmissibleWork(const AdmissionSnapshot& snapshot, const AdmissionDecision& decision) {
  return Scaled(decision.may_wait, std::max(1, snapshot.workers) / snapshot.correction);
}

}  // namespace tournant
