#pragma once

#include <functional>
#include <utility>

#include "base/sleep.h"
#include "features/feature_client.h"

namespace tournant {

// A backend of a feature store that answers as told, on the loop's own clock: each wanted feature
// with `value`, after `delay`, or with an error. One that takes longer than the fetch may is cut
// off at its deadline, as gRPC does it.
class FakeBackend final : public FeatureClient {
 public:
  struct Answer {
    Duration delay{};
    absl::Status status = absl::OkStatus();
    double value = 0;
  };
  // What call number `n` from 0 on gets.
  std::function<Answer(int n)> script = [](int) { return Answer(); };

  void Always(Answer answer) {
    script = [answer = std::move(answer)](int) { return answer; };
  }
  void BlackHole() { Always({.delay = std::chrono::hours(1)}); }

  Task<absl::StatusOr<FetchedFeatures>> Fetch(const CallContext& call,
                                              const FetchRequest& request) override {
    const Answer answer = script(calls++);
    ++running;
    absl::Status slept = co_await Wait(call, request, answer.delay);
    --running;
    if (!slept.ok()) {
      if (absl::IsCancelled(slept)) ++cancelled;
      co_return slept;
    }
    if (!answer.status.ok()) co_return answer.status;
    FetchedFeatures fetched(request.plan.features.size(), static_cast<size_t>(request.rows));
    for (size_t feature = 0; feature < fetched.features(); ++feature) {
      for (size_t row = 0; row < fetched.rows(); ++row) {
        fetched.SetFloating(feature, row, answer.value);
      }
    }
    co_return fetched;
  }

  int calls = 0;
  int running = 0;
  int cancelled = 0;

 private:
  static Task<absl::Status> Wait(const CallContext& call, const FetchRequest& request,
                                 Duration delay) {
    if (delay == Duration::zero()) co_return call.Alive();
    const TimePoint done = call.clock.Now() + delay;
    const absl::Status slept = co_await SleepUntil(call, std::min(done, request.deadline));
    if (!slept.ok()) co_return slept;
    if (done > request.deadline) co_return absl::DeadlineExceededError("no answer in time");
    co_return absl::OkStatus();
  }
};

}  // namespace tournant
