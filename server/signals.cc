#include "signals.h"

#include <unistd.h>

#include <utility>

#include "telemetry/log.h"

namespace tournant {
namespace {

// What our own threads tell a waiting one by: that a load or a drain is over.
constexpr int kOver = SIGUSR1;

}  // namespace

sigset_t BlockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, kOver}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return signals;
}

absl::Status LoadOrStop(const sigset_t& signals, ModelLoader& loader) {
  absl::Status loaded;
  Thread loading("first-load", [&loader, &loaded] {
    loaded = loader.LoadAll();
    kill(getpid(), kOver);
  });
  for (;;) {
    int signal = 0;
    if (sigwait(&signals, &signal) != 0 || signal == SIGHUP) continue;
    if (signal != kOver) loader.Stop();
    loading.Join();
    return signal == kOver ? loaded : absl::CancelledError("a signal ended the start");
  }
}

void WaitForTheEnd(const sigset_t& signals, ModelLoader& loader) {
  for (;;) {
    int signal = 0;
    if (sigwait(&signals, &signal) != 0 || signal == kOver) continue;
    if (signal != SIGHUP) {
      Log(LogLevel::kInfo, "draining", {{"signal", signal}});
      return;
    }
    loader.Rescan();
  }
}

void WaitOutDrainDelay(std::chrono::milliseconds delay) {
  timespec time;
  time.tv_sec = delay.count() / 1000;
  time.tv_nsec = delay.count() % 1000 * 1'000'000;
  sigset_t none;
  sigemptyset(&none);
  sigtimedwait(&none, nullptr, &time);
}

SecondSignal::SecondSignal(const sigset_t& signals, std::function<void()> end_at_once)
    : thread_("second-signal", [signals, end_at_once = std::move(end_at_once)] {
        for (;;) {
          siginfo_t info;
          const int signal = sigwaitinfo(&signals, &info);
          if (signal < 0 || signal == SIGHUP) continue;
          if (signal != kOver) {
            end_at_once();
          } else if (info.si_pid == getpid()) {
            return;  // Others may send it as well.
          }
        }
      }) {}

SecondSignal::~SecondSignal() {
  kill(getpid(), kOver);
  thread_.Join();
}

}  // namespace tournant
