#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "cpp/call_sender.h"
#include "fakes/manual_clock.h"

namespace tournant::client {

// Calls that end when and how a test says, on a manual clock that waiting moves. One thread.
class FakeCallSender final : public CallSender {
 public:
  struct Answer {
    Duration after{};
    absl::StatusCode code = absl::StatusCode::kOk;
    std::string message = {};
  };

  // `serve` is asked about each call when it is sent, and may move the clock: a generator that
  // stalls.
  FakeCallSender(ManualClock& clock, std::function<Answer(const LoadCall&)> serve)
      : clock_(clock), serve_(std::move(serve)) {}

  void Send(const LoadCall& call) override {
    sent_.push_back(call);
    Answer answer = serve_(call);
    const TimePoint end = call.sent + answer.after;
    in_flight_.emplace(end, Flying{call, std::move(answer)});
    most_in_flight_ = std::max(most_in_flight_, in_flight_.size());
  }

  bool Next(TimePoint until, EndedCall& ended) override {
    const TimePoint now = clock_.Now();
    if (in_flight_.empty() || in_flight_.begin()->first > std::max(now, until)) {
      if (until > now) clock_.Advance(until - now);
      return false;
    }
    const auto first = in_flight_.begin();
    if (first->first > now) clock_.Advance(first->first - now);
    message_ = first->second.answer.message;
    ended = {.call = first->second.call, .code = first->second.answer.code, .message = message_};
    in_flight_.erase(first);
    return true;
  }

  void CancelAll() override {
    std::multimap<TimePoint, Flying> cancelled;
    for (auto& [end, flying] : in_flight_) {
      flying.answer.code = absl::StatusCode::kCancelled;
      cancelled.emplace(clock_.Now(), flying);
    }
    in_flight_.swap(cancelled);
  }

  Duration BusyTime() const override { return busy_; }
  void add_busy(Duration time) { busy_ += time; }

  const std::vector<LoadCall>& sent() const { return sent_; }
  size_t most_in_flight() const { return most_in_flight_; }

 private:
  struct Flying {
    LoadCall call;
    Answer answer;
  };

  ManualClock& clock_;
  const std::function<Answer(const LoadCall&)> serve_;
  std::multimap<TimePoint, Flying> in_flight_;  // By when they end.
  std::vector<LoadCall> sent_;
  size_t most_in_flight_ = 0;
  std::string message_;
  Duration busy_{};
};

}  // namespace tournant::client
