#include "cq/cq_loop.h"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "base/handoff.h"
#include "base/phase.h"
#include "base/sleep.h"
#include "base/task.h"
#include "cq/loop_thread.h"
#include "fakes/live_count.h"

namespace tournant {
namespace {

// Runs `body` on the loop.
template <class Body>
Detached OnLoop(EventLoop& loop, Body body) {
  co_await Hop(loop);
  body();
}

// Runs `body` on the loop and waits for its end.
template <class Body>
void RunOnLoop(EventLoop& loop, Body body) {
  Latch done;
  OnLoop(loop, [&] {
    body();
    done.CountDown();
  });
  done.Wait();
}

TEST(CqLoop, ResumesWhatIsPostedFromAnotherThreadOnItsOwn) {
  LoopThread thread;
  std::thread::id first;
  std::thread::id second;
  RunOnLoop(thread.loop(), [&] { first = std::this_thread::get_id(); });
  RunOnLoop(thread.loop(), [&] { second = std::this_thread::get_id(); });
  EXPECT_EQ(first, second);
  EXPECT_NE(first, std::this_thread::get_id());
}

TEST(CqLoop, ResumesEverythingThatManyThreadsPost) {
  constexpr int kThreads = 4;
  constexpr int kPosts = 2000;
  LoopThread thread;
  int resumed = 0;  // The loop's thread only.
  Latch all(kThreads * kPosts);
  {
    std::vector<Thread> posters;
    for (int i = 0; i < kThreads; ++i) {
      posters.emplace_back("poster", [&] {
        for (int post = 0; post < kPosts; ++post) {
          OnLoop(thread.loop(), [&] {
            ++resumed;
            all.CountDown();
          });
        }
      });
    }
  }
  all.Wait();
  RunOnLoop(thread.loop(), [&] { EXPECT_EQ(resumed, kThreads * kPosts); });
}

TEST(CqLoop, KeepsTheOrderInWhichOneThreadPosts) {
  LoopThread thread;
  std::vector<int> order;
  for (int i = 0; i < 500; ++i) {
    OnLoop(thread.loop(), [&order, i] { order.push_back(i); });
  }
  RunOnLoop(thread.loop(), [] {});
  ASSERT_EQ(order.size(), 500u);
  for (int i = 0; i < 500; ++i) EXPECT_EQ(order[static_cast<size_t>(i)], i);
}

TEST(CqLoop, WakesUpOnceForManyPosts) {
  LoopThread thread;
  Latch busy;
  Latch go_on;
  OnLoop(thread.loop(), [&] {
    busy.CountDown();
    go_on.Wait();
  });
  busy.Wait();
  const uint64_t turns = thread.loop().turns();
  constexpr int kPosts = 1000;
  Latch all(kPosts);
  std::atomic<uint64_t> last_turn{0};
  for (int i = 0; i < kPosts; ++i) {
    OnLoop(thread.loop(), [&] {
      last_turn = thread.loop().turns();
      all.CountDown();
    });
  }
  go_on.CountDown();
  all.Wait();
  EXPECT_EQ(last_turn, turns + 1);
}

TEST(CqLoop, NeverResumesInsidePost) {
  LoopThread thread;
  bool ran = false;
  bool ran_inside = true;
  RunOnLoop(thread.loop(), [&] {
    OnLoop(thread.loop(), [&ran] { ran = true; });
    ran_inside = ran;
  });
  RunOnLoop(thread.loop(), [] {});
  EXPECT_FALSE(ran_inside);
  EXPECT_TRUE(ran);
}

// A chain of posts from the loop itself.
Detached Again(EventLoop& loop, int times, Latch& done) {
  for (int i = 0; i < times; ++i) co_await Hop(loop);
  done.CountDown();
}

TEST(CqLoop, GoesOnWithWhatItsOwnCoroutinesPost) {
  LoopThread thread;
  Latch done;
  Again(thread.loop(), 10'000, done);
  done.Wait();
}

// A call on a real loop.
struct RealCall {
  explicit RealCall(LoopThread& thread, Duration time_left)
      : phase(thread.clock(), nullptr),
        context{thread.loop(), thread.clock(), thread.clock().Now() + time_left, stop.get_token(),
                phase} {}
  std::stop_source stop;
  CallPhase phase;
  CallContext context;
};

// Sleeps from the loop's thread on.
Detached SleepAndNote(LoopThread& thread, int name, TimePoint until, std::vector<int>& order,
                      Latch& done) {
  RealCall call(thread, std::chrono::hours(1));
  const absl::Status status = co_await SleepUntil(call.context, until);
  EXPECT_TRUE(status.ok());
  order.push_back(name);
  done.CountDown();
}

TEST(CqLoop, FiresTimersInTheirOrder) {
  LoopThread thread;
  std::vector<int> order;
  Latch done(3);
  // In one turn of the loop: however long that takes, all three are there when the first one fires.
  RunOnLoop(thread.loop(), [&] {
    const TimePoint now = thread.clock().Now();
    SleepAndNote(thread, 3, now + std::chrono::milliseconds(9), order, done);
    SleepAndNote(thread, 1, now + std::chrono::milliseconds(3), order, done);
    SleepAndNote(thread, 2, now + std::chrono::milliseconds(6), order, done);
  });
  done.Wait();
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST(CqLoop, FiresATimerWhoseMomentHasPassed) {
  LoopThread thread;
  std::vector<int> order;
  Latch done;
  RunOnLoop(thread.loop(), [&] {
    SleepAndNote(thread, 1, thread.clock().Now() - std::chrono::hours(1), order, done);
  });
  done.Wait();
  EXPECT_EQ(order, std::vector<int>{1});
}

struct Work final : Handoff {
  LiveCount alive;
};

Detached AwaitWork(LoopThread& thread, Duration time_left, bool cancel, Thread& worker,
                   std::optional<absl::Status>& result, Latch& done) {
  co_await Hop(thread.loop());
  RealCall call(thread, time_left);
  auto work = std::make_shared<Work>();
  HandoffAwaiter waiting(call.context, *work, [&] {
    if (cancel) call.stop.request_stop();
    worker = Thread("worker", [work] {
      if (work->Claim()) work->Resume();
    });
    return absl::OkStatus();
  });
  result = co_await waiting;
  done.CountDown();
}

TEST(CqLoop, BringsHandoffsHomeWhoeverWins) {
  for (int round = 0; round < 200; ++round) {
    std::optional<absl::Status> result;
    Latch done;
    {
      Thread worker;
      LoopThread thread;
      // In turn: the worker alone; against a deadline that is near; against the caller's leaving.
      const Duration time_left = round % 3 == 1 ? Duration(std::chrono::microseconds(200))
                                                : Duration(std::chrono::hours(1));
      AwaitWork(thread, time_left, round % 3 == 2, worker, result, done);
      done.Wait();
      worker.Join();
    }
    if (round % 3 == 0) EXPECT_TRUE(result->ok());
  }
  EXPECT_EQ(LiveCount::alive(), 0);
}

TEST(CqLoop, EndsWhenItIsShutDown) {
  LoopThread thread;
  RunOnLoop(thread.loop(), [] {});
  thread.Stop();
  EXPECT_GT(thread.loop().turns(), 0u);
}

TEST(CqLoop, EndsWithoutEverHavingHadWork) { LoopThread thread; }

}  // namespace
}  // namespace tournant
