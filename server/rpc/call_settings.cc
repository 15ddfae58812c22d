#include "rpc/call_settings.h"

#include "cq/time_left.h"

namespace tournant {

TimePoint EffectiveDeadline(const CallSettings& settings, const grpc::ServerContext& context,
                            std::optional<std::chrono::microseconds> timeout, TimePoint now) {
  return now + TimeOfCall(settings.limits, TimeLeft(context), timeout);
}

}  // namespace tournant
