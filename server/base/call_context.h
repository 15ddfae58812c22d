#pragma once

#include <stop_token>

#include "absl/status/status.h"
#include "base/clock.h"
#include "base/event_loop.h"
#include "base/phase.h"

namespace grpc {
class ServerContext;
}

namespace tournant {

struct TraceScope;

// What every step of a call may ask about it. Lives in the call's coroutine frame and is passed by
// reference down the call; used on the call's own loop thread only.
struct CallContext {
  EventLoop& home;
  const Clock& clock;
  TimePoint deadline;
  std::stop_token cancelled;  // The caller has gone, or the server is draining and out of patience.
  CallPhase& phase;
  const grpc::ServerContext* rpc = nullptr;  // Only features/grpc_* looks inside; null in tests.
  const TraceScope* trace = nullptr;         // telemetry's; null when the call has no trace.

  // OK, or why there is no use in going on: DEADLINE_EXCEEDED or CANCELLED. Looked at after each
  // await.
  absl::Status Alive() const {
    // The deadline first: gRPC cancels a call whose deadline has passed, too.
    if (clock.Now() >= deadline) return absl::DeadlineExceededError("the deadline has passed");
    if (cancelled.stop_requested()) return absl::CancelledError("the caller has gone");
    return absl::OkStatus();
  }
};

}  // namespace tournant
