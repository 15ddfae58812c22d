#pragma once

#include <utility>

#include "absl/status/status.h"
#include "base/handoff.h"

namespace tournant {

// A call that awaits that its record is durable. Shared by the call and the log.
class DurableWait final : public Handoff {
 public:
  // For the log, on any thread, once: OK, or why the record is not durable. A call that has ended
  // meanwhile does not hear of it.
  void End(absl::Status result) {
    if (!Claim()) return;
    result_ = std::move(result);
    Resume();
  }
  // After the wait has ended with OK.
  const absl::Status& result() const { return result_; }

 private:
  absl::Status result_;
};

}  // namespace tournant
