#include "base/timer.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <vector>

namespace tournant {
namespace {

TimePoint At(int second) { return TimePoint(std::chrono::seconds(second)); }

class Recorder final : public Timer {
 public:
  Recorder(int name, std::vector<int>& log, std::function<void()> then = {})
      : name_(name), log_(log), then_(std::move(then)) {}

 private:
  void OnTimer() override {
    log_.push_back(name_);
    if (then_) then_();
  }
  const int name_;
  std::vector<int>& log_;
  const std::function<void()> then_;
};

TEST(TimerQueue, FiresWhatIsDueEarliestFirst) {
  TimerQueue queue;
  std::vector<int> log;
  Recorder late(3, log);
  Recorder early(1, log);
  Recorder middle(2, log);
  queue.Add(late, At(30));
  queue.Add(early, At(10));
  queue.Add(middle, At(20));
  EXPECT_EQ(queue.Next(), At(10));
  EXPECT_EQ(queue.FireDue(At(20)), 2u);
  EXPECT_EQ(log, (std::vector<int>{1, 2}));
  EXPECT_TRUE(late.pending());
  EXPECT_FALSE(early.pending());
  EXPECT_EQ(queue.FireDue(At(29)), 0u);
  EXPECT_EQ(queue.FireDue(At(30)), 1u);
  EXPECT_EQ(queue.Next(), std::nullopt);
}

TEST(TimerQueue, KeepsTimersOfOneMomentApart) {
  TimerQueue queue;
  std::vector<int> log;
  Recorder a(1, log);
  Recorder b(1, log);
  queue.Add(a, At(10));
  queue.Add(b, At(10));
  EXPECT_EQ(queue.size(), 2u);
  EXPECT_EQ(queue.FireDue(At(10)), 2u);
}

TEST(TimerQueue, ForgetsWhatIsRemoved) {
  TimerQueue queue;
  std::vector<int> log;
  Recorder timer(1, log);
  queue.Add(timer, At(10));
  queue.Remove(timer);
  queue.Remove(timer);
  EXPECT_EQ(queue.FireDue(At(100)), 0u);
  EXPECT_TRUE(log.empty());
}

TEST(TimerQueue, MovesATimerThatIsAddedAgain) {
  TimerQueue queue;
  std::vector<int> log;
  Recorder timer(1, log);
  queue.Add(timer, At(10));
  queue.Add(timer, At(20));
  EXPECT_EQ(queue.size(), 1u);
  EXPECT_EQ(timer.when(), At(20));
  EXPECT_EQ(queue.FireDue(At(10)), 0u);
  EXPECT_EQ(queue.FireDue(At(20)), 1u);
}

TEST(TimerQueue, LetsATimerRemoveAnotherThatIsDue) {
  TimerQueue queue;
  std::vector<int> log;
  Recorder second(2, log);
  Recorder first(1, log, [&] { queue.Remove(second); });
  queue.Add(first, At(1));
  queue.Add(second, At(2));
  EXPECT_EQ(queue.FireDue(At(5)), 1u);
  EXPECT_EQ(log, std::vector<int>{1});
}

TEST(TimerQueue, LetsATimerAddItselfAgain) {
  TimerQueue queue;
  std::vector<int> log;
  Recorder* self = nullptr;
  Recorder timer(1, log, [&] { queue.Add(*self, At(10)); });
  self = &timer;
  queue.Add(timer, At(1));
  EXPECT_EQ(queue.FireDue(At(5)), 1u);
  EXPECT_TRUE(timer.pending());
  queue.Remove(timer);
}

TEST(TimerQueue, LetsATimerDestroyItself) {
  TimerQueue queue;
  std::vector<int> log;
  std::unique_ptr<Recorder> timer;
  timer = std::make_unique<Recorder>(1, log, [&] { timer.reset(); });
  queue.Add(*timer, At(1));
  EXPECT_EQ(queue.FireDue(At(1)), 1u);
  EXPECT_EQ(timer, nullptr);
}

TEST(TimerQueue, KeepsItsOrderWhileTimersComeAndGo) {
  constexpr int kTimers = 200;
  TimerQueue queue;
  std::vector<int> log;
  std::vector<std::unique_ptr<Recorder>> timers;
  std::vector<int> expected;
  for (int i = 0; i < kTimers; ++i) timers.push_back(std::make_unique<Recorder>(i, log));
  // 77 and 200 have no common divisor, so each name has a moment of its own, and all are mixed.
  for (int i = 0; i < kTimers; ++i) {
    const int name = i * 77 % kTimers;
    queue.Add(*timers[static_cast<size_t>(name)], At(name));
  }
  for (int name = 0; name < kTimers; ++name) {
    if (name % 3 == 0) {
      queue.Remove(*timers[static_cast<size_t>(name)]);
    } else {
      expected.push_back(name);
    }
  }
  EXPECT_EQ(queue.size(), expected.size());
  EXPECT_EQ(queue.Next(), At(1));
  EXPECT_EQ(queue.FireDue(At(kTimers)), expected.size());
  EXPECT_EQ(log, expected);
}

}  // namespace
}  // namespace tournant
