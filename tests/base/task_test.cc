#include "base/task.h"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "fakes/live_count.h"
#include "fakes/test_call.h"

namespace tournant {
namespace {

Task<int> Give(int value, bool* ran = nullptr) {
  if (ran != nullptr) *ran = true;
  co_return value;
}

Task<int> Add(int a, int b) {
  const int left = co_await Give(a);
  const int right = co_await Give(b);
  co_return left + right;
}

// Something to wait for that the test ends.
struct Signal {
  std::coroutine_handle<> waiter;
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> handle) { waiter = handle; }
  void await_resume() const {}
};

TEST(Task, RunsNothingUntilItIsAwaited) {
  bool ran = false;
  Task<int> task = Give(3, &ran);
  EXPECT_FALSE(ran);
  const Started<int> started(std::move(task));
  EXPECT_TRUE(ran);
  EXPECT_EQ(*started.result, 3);
}

TEST(Task, GivesItsResultToItsAwaiter) {
  const Started<int> sum(Add(2, 3));
  EXPECT_EQ(*sum.result, 5);
}

Task<std::unique_ptr<std::string>> GiveOwned() { co_return std::make_unique<std::string>("moved"); }

TEST(Task, MovesAResultThatCannotBeCopied) {
  const Started<std::unique_ptr<std::string>> started(GiveOwned());
  EXPECT_EQ(**started.result, "moved");
}

Task<void> Throw() {
  throw std::runtime_error("broken");
  co_return;
}
Task<int> ThrowInstead() {
  co_await Throw();
  co_return 1;
}
Task<std::string> Catch() {
  try {
    co_await ThrowInstead();
  } catch (const std::runtime_error& error) {
    co_return error.what();
  }
  co_return "nothing was thrown";
}

TEST(Task, LetsAnExceptionReachItsAwaiter) {
  const Started<std::string> started(Catch());
  EXPECT_EQ(*started.result, "broken");
}

Task<int> Holding(LiveCount held, Signal& signal) {
  const LiveCount inside = held;
  co_await signal;
  co_return 1;
}

TEST(Task, FreesItsFrameWhenItWasNeverAwaited) {
  Signal signal;
  {
    const Task<int> task = Holding(LiveCount(), signal);
    EXPECT_GT(LiveCount::alive(), 0);
  }
  EXPECT_EQ(LiveCount::alive(), 0);
}

TEST(Task, FreesItsFrameWhenItHasEnded) {
  Signal signal;
  const Started<int> started(Holding(LiveCount(), signal));
  EXPECT_FALSE(started.done());
  EXPECT_EQ(LiveCount::alive(), 2);
  signal.waiter.resume();
  EXPECT_TRUE(started.done());
  EXPECT_EQ(LiveCount::alive(), 0);
}

TEST(Task, FreesWhatItHeldWhenAnotherIsAssignedToIt) {
  Signal signal;
  Task<int> task = Holding(LiveCount(), signal);
  task = Give(2);
  EXPECT_EQ(LiveCount::alive(), 0);
  const Started<int> started(std::move(task));
  EXPECT_EQ(*started.result, 2);
}

Task<int> Deep(int depth) {
  if (depth == 0) co_return 0;
  const int below = co_await Deep(depth - 1);
  co_return below + 1;
}

TEST(Task, UsesNoStackForADeepChainOfAwaits) {
  const Started<int> started(Deep(100'000));
  EXPECT_EQ(*started.result, 100'000);
}

Task<int64_t> SumOf(int count) {
  int64_t sum = 0;
  for (int i = 0; i < count; ++i) sum += co_await Give(i);
  co_return sum;
}

TEST(Task, UsesNoStackForManyTasksThatEndAtOnce) {
  const Started<int64_t> started(SumOf(1'000'000));
  EXPECT_EQ(*started.result, int64_t{1'000'000} * 999'999 / 2);
}

Detached Root(LiveCount held, Signal& signal, std::vector<std::string>& log) {
  log.push_back("started");
  co_await signal;
  log.push_back("ended");
}

TEST(Detached, StartsAtOnceAndFreesItselfAtItsEnd) {
  Signal signal;
  std::vector<std::string> log;
  Root(LiveCount(), signal, log);
  EXPECT_EQ(log, std::vector<std::string>{"started"});
  EXPECT_EQ(LiveCount::alive(), 1);
  signal.waiter.resume();
  EXPECT_EQ(log, (std::vector<std::string>{"started", "ended"}));
  EXPECT_EQ(LiveCount::alive(), 0);
}

Detached Escaping() { co_await Throw(); }

TEST(DetachedDeathTest, EndsTheProcessWhenAnExceptionEscapes) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(Escaping(), "");
}

}  // namespace
}  // namespace tournant
