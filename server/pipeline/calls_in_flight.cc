#include "pipeline/calls_in_flight.h"

#include "base/status.h"
#include "pipeline/shown_id.h"

namespace tournant {
namespace {

// A call hears of its execution with the result.
Phase PhaseOf(const CallPhase& phase, const Prediction& prediction) {
  if (phase.current() != Phase::kQueued || prediction.job == nullptr) return phase.current();
  const bool executing =
      prediction.job->executing_since.load(std::memory_order_relaxed) != TimePoint();
  return executing ? Phase::kComputing : Phase::kQueued;
}

}  // namespace

CallsInFlight::Member::Member(CallsInFlight& calls, const CallPhase& phase,
                              const Prediction& prediction)
    : phase_(&phase), prediction_(&prediction), before_(calls.ring_.before_), after_(&calls.ring_) {
  before_->after_ = this;
  after_->before_ = this;
}

CallsInFlight::Member::~Member() {
  before_->after_ = after_;
  after_->before_ = before_;
}

std::vector<CallsInFlight::Call> CallsInFlight::Oldest(size_t most, TimePoint now) const {
  std::vector<Call> calls;
  for (const Member* member = ring_.after_; member != &ring_ && calls.size() < most;
       member = member->after_) {
    const Prediction& prediction = *member->prediction_;
    Call call;
    call.model = Quote(prediction.request.model);
    if (prediction.version != nullptr) call.version = prediction.version->version;
    call.id = Quote(ShownId(prediction));
    call.phase = PhaseOf(*member->phase_, prediction);
    call.age = now - member->phase_->accepted_at();
    call.rows = prediction.rows;
    calls.push_back(std::move(call));
  }
  return calls;
}

}  // namespace tournant
