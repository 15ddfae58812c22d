#include "rpc/call_settings.h"

#include <algorithm>

#include "cq/time_left.h"

namespace tournant {

TimePoint EffectiveDeadline(const CallSettings& settings, const grpc::ServerContext& context,
                            std::optional<std::chrono::microseconds> timeout, TimePoint now) {
  const std::optional<Duration> of_rpc = TimeLeft(context);
  Duration left = settings.max_deadline;
  if (of_rpc) {
    left = std::min(left, *of_rpc);
  } else if (!timeout) {
    left = std::min(left, settings.default_deadline);
  }
  if (timeout && *timeout < left) left = *timeout;
  return now + left;
}

}  // namespace tournant
