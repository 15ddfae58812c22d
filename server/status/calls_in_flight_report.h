#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "pipeline/call_home.h"
#include "telemetry/status_source.h"

namespace tournant {

// The oldest calls in flight of all event loops together, with phase and age. Each loop lists its
// own, so the thread that asks waits for them; a loop that does not answer in time is counted and
// left out. Any thread but a loop's; the loops must not have been shut down.
class CallsInFlightReport final : public StatusSource {
 public:
  static constexpr size_t kMost = 50;

  CallsInFlightReport(std::vector<CallHome> homes, const Clock& clock)
      : homes_(std::move(homes)), clock_(clock) {}

  absl::string_view status_name() const override { return "in_flight"; }
  // {"oldest": [{"model", "version", "id", "phase", "age_seconds", "rows"}, ...],
  //  "silent_loops": 0}
  std::string StatusJson() const override;

 private:
  const std::vector<CallHome> homes_;
  const Clock& clock_;
};

}  // namespace tournant
