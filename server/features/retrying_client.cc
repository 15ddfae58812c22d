#include "features/retrying_client.h"

#include <utility>

#include "base/sleep.h"
#include "features/fetch_outcome.h"

namespace tournant {

Task<absl::StatusOr<FetchedFeatures>> RetryingClient::Fetch(const CallContext& call,
                                                            const FetchRequest& request) {
  budget_.Earn();
  BackendAnswer first = co_await next_.FetchFrom(call, request, 0);
  const TimePoint now = call.clock.Now();
  const std::optional<TimePoint> when =
      RetryTime(first.answer.status(), now, request.deadline, options_.policy);
  if (!when || !call.Alive().ok() || !budget_.Spend()) co_return std::move(first.answer);
  if (*when > now) {
    const absl::Status slept = co_await SleepUntil(call, *when);
    if (!slept.ok()) co_return slept;
  }
  BackendAnswer second = co_await next_.FetchFrom(call, request, first.asked);
  // The refusal of a layer of ours would hide what the store said.
  if (WasNotAsked(second.answer.status())) co_return std::move(first.answer);
  retries_.Add();
  co_return std::move(second.answer);
}

}  // namespace tournant
