#pragma once

#include <optional>
#include <stop_token>
#include <utility>

#include "base/call_context.h"
#include "base/task.h"
#include "fakes/manual_clock.h"
#include "fakes/manual_loop.h"

namespace tournant {

// A call with everything that a step may ask for, on a manual clock and loop. The deadline is one
// second away unless a test says otherwise.
struct TestCall {
  ManualClock clock;
  ManualLoop loop{clock};
  std::stop_source stop;
  CallPhase phase{clock, nullptr};
  CallContext context{loop, clock, clock.Now() + std::chrono::seconds(1), stop.get_token(), phase};
};

namespace fakes_internal {
template <class T>
Detached Store(Task<T> task, std::optional<T>* result) {
  result->emplace(co_await std::move(task));
}
inline Detached Mark(Task<void> task, bool* done) {
  co_await std::move(task);
  *done = true;
}
}  // namespace fakes_internal

// Starts `task` and keeps its result: `Started<int> sum(Add(1, 2)); loop.RunUntilIdle();
// *sum.result`.
template <class T>
struct Started {
  explicit Started(Task<T> task) { fakes_internal::Store(std::move(task), &result); }
  bool done() const { return result.has_value(); }
  std::optional<T> result;
};
template <>
struct Started<void> {
  explicit Started(Task<void> task) { fakes_internal::Mark(std::move(task), &finished); }
  bool done() const { return finished; }
  bool finished = false;
};

}  // namespace tournant
