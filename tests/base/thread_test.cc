#include "base/thread.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "base/mutex.h"
#include "base/rng.h"

namespace tournant {
namespace {

TEST(Thread, RunsItsBodyUnderItsNameAndIsJoinedAtItsEnd) {
  std::string name;
  {
    const Thread thread("a-rather-long-name", [&name] {
      char buffer[16] = {};
      pthread_getname_np(pthread_self(), buffer, sizeof(buffer));
      name = buffer;
    });
    EXPECT_TRUE(thread.joinable());
  }
  EXPECT_EQ(name, "a-rather-long-n");
}

TEST(Thread, CanBeJoinedTwice) {
  Thread thread("twice", [] {});
  thread.Join();
  thread.Join();
  EXPECT_FALSE(thread.joinable());
}

TEST(Thread, LowersItsOwnPriorityOnly) {
  const id_t self = static_cast<id_t>(syscall(SYS_gettid));
  const int mine = getpriority(PRIO_PROCESS, self);
  int low = -100;
  Thread thread(
      "low", [&low] { low = getpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid))); },
      Thread::Priority::kLow);
  thread.Join();
  EXPECT_EQ(low, std::min(mine + 10, 19));  // Also where the tests themselves run niced.
  EXPECT_EQ(getpriority(PRIO_PROCESS, self), mine);
}

TEST(Mutex, LetsOneThreadInAtATime) {
  Mutex mutex;
  int count = 0;
  const auto add = [&] {
    for (int i = 0; i < 10'000; ++i) {
      MutexLock lock(mutex);
      ++count;
    }
  };
  {
    const Thread a("a", add);
    const Thread b("b", add);
  }
  EXPECT_EQ(count, 20'000);
}

TEST(CondVar, PassesATurnToAndFro) {
  Mutex mutex;
  CondVar changed;
  int turn = 0;
  const auto play = [&](int mine) {
    for (int i = 0; i < 1000; ++i) {
      MutexLock lock(mutex);
      while (turn % 2 != mine) changed.Wait(mutex);
      ++turn;
      changed.SignalAll();
    }
  };
  {
    const Thread a("a", [&] { play(0); });
    const Thread b("b", [&] { play(1); });
  }
  EXPECT_EQ(turn, 2000);
}

TEST(CondVar, ComesBackWhenTheTimeIsUp) {
  Mutex mutex;
  CondVar never;
  MutexLock lock(mutex);
  while (never.WaitFor(mutex, std::chrono::nanoseconds(1))) {
  }
}

TEST(SeededRng, GivesEqualSequencesForEqualSeeds) {
  SeededRng a(5);
  SeededRng b(5);
  SeededRng c(6);
  bool differs = false;
  for (int i = 0; i < 100; ++i) {
    const uint64_t value = a.Next();
    EXPECT_EQ(value, b.Next());
    differs |= value != c.Next();
  }
  EXPECT_TRUE(differs);
}

}  // namespace
}  // namespace tournant
