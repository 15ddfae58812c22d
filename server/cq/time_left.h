#pragma once

#include <grpc/support/time.h>
#include <grpcpp/server_context.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include "base/clock.h"

namespace tournant {

// How long the caller is still willing to wait, an hour at most; nothing when he set no deadline.
// gRPC's clock and ours differ in their origin, so only the time that is left can be compared.
inline std::optional<Duration> TimeLeft(const grpc::ServerContext& context) {
  const gpr_timespec deadline = context.raw_deadline();
  if (gpr_time_cmp(deadline, gpr_inf_future(deadline.clock_type)) == 0) return std::nullopt;
  const gpr_timespec left = gpr_time_sub(deadline, gpr_now(deadline.clock_type));
  // A deadline centuries away would overflow a duration in nanoseconds.
  constexpr int64_t kHour = 3600;
  const std::chrono::seconds seconds(std::clamp<int64_t>(left.tv_sec, -kHour, kHour));
  return seconds + std::chrono::nanoseconds(left.tv_nsec);
}

}  // namespace tournant
