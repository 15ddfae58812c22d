#pragma once

#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "base/clock.h"

namespace tournant::client {

// A call of a load test.
struct LoadCall {
  TimePoint due;   // When its caller wants it; latency and deadline count from here.
  TimePoint sent;  // Not before it is due.
  size_t call_class = 0;
  bool counted = true;  // False while warming up.
};

struct EndedCall {
  LoadCall call;
  absl::StatusCode code = absl::StatusCode::kOk;
  absl::string_view message;  // Valid until the sender is used again.
};

// Sends calls and collects their ends. One thread; what is still in flight when it dies is
// cancelled.
class CallSender {
 public:
  virtual ~CallSender() = default;

  virtual void Send(const LoadCall& call) = 0;
  // The next call that has ended; waits for one until `until`, which is kept to as well as the
  // machine can, and then returns false. A moment in the past: does not wait.
  virtual bool Next(TimePoint until, EndedCall& ended) = 0;
  // Cancels the calls in flight; each still ends.
  virtual void CancelAll() = 0;
  // This sender's part of the CPU time that the process has spent so far, gRPC's own threads
  // included, without what went into waiting actively.
  virtual Duration BusyTime() const = 0;
};

}  // namespace tournant::client
