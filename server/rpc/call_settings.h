#pragma once

#include <grpcpp/server_context.h>

#include <chrono>
#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "pipeline/call_deadline.h"
#include "rpc/status_codec.h"

namespace tournant {

// What holds for every inference call.
struct CallSettings {
  CallLimits limits;
  StatusDialect dialect = StatusDialect::kTournant;
  int64_t max_message_bytes = 64 << 20;  // Of an answer; gRPC itself refuses larger requests.
  // Requests of one stream that may be in flight; at that many it is read no further.
  int stream_requests = 64;
  Duration slow_call{0};  // From which on an answered call gets a line in the log; zero: never.
};

// When the call must be over: the earliest of its gRPC deadline, its `timeout` parameter and the
// server's maximum.
TimePoint EffectiveDeadline(const CallSettings& settings, const grpc::ServerContext& context,
                            std::optional<std::chrono::microseconds> timeout, TimePoint now);

}  // namespace tournant
